/* Watches this machine and one port until the port is down: the example of the README.
   cc watch.c $(pkg-config --cflags --libs meshvitals) -o watch && ./watch 127.0.0.1:5432 */

#include <meshvitals.h>
#include <stdio.h>

int main(int argc, char **argv) {
    static const char *const words[] = {"UNKNOWN", "HEALTHY", "DEGRADED", "UNHEALTHY"};
    meshvitals_monitor_t *monitor = NULL;
    meshvitals_subscription_t *events = NULL;
    meshvitals_check_id_t db = 0;
    meshvitals_error_t error = {0};
    char check[256];

    snprintf(check, sizeof check,
             "{\"name\": \"db\", \"tcp\": {\"address\": \"%s\"}, \"interval\": \"2s\","
             " \"timeout\": \"500ms\", \"tags\": [\"readiness\"]}",
             argc > 1 ? argv[1] : "127.0.0.1:5432");
    /* CPU, memory and disk are watched unless the configuration says otherwise. */
    if (meshvitals_monitor_new("{\"memory_threshold\": 0.95}", &monitor, &error) ||
        meshvitals_register(monitor, check, &db, &error) ||
        meshvitals_subscribe(monitor, MESHVITALS_KIND_STATUS, 256, &events, &error) ||
        meshvitals_monitor_start(monitor, &error)) {
        fprintf(stderr, "%s\n", error.message);
    } else {
        /* A read takes no lock and no system call: it may stand where requests are routed. */
        while (meshvitals_status(monitor, db) != MESHVITALS_STATUS_UNHEALTHY) {
            meshvitals_event_t batch[64];
            int32_t count = meshvitals_poll(events, batch, sizeof batch[0], 64, -1);
            for (int32_t i = 0; i < count; i++) {
                meshvitals_snapshot_t seen = {.struct_size = sizeof seen};
                meshvitals_snapshot(monitor, batch[i].check, &seen);
                printf("%s: %s -> %s (%s)\n", seen.name, words[batch[i].previous],
                       words[batch[i].status], meshvitals_reason_text(batch[i].reason));
            }
        }
    }
    meshvitals_subscription_free(events);
    meshvitals_monitor_free(monitor);
    return error.code != MESHVITALS_OK;
}
