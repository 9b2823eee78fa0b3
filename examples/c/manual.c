/* Manual mode: the program moves the clock, so what happens is the same in every run. This is how a
   simulator drives the engine, and how a program tests what it does with statuses.

   A job beats every 10 s, stops for a while and begins again; the table is printed in an instant:
   cc manual.c $(pkg-config --cflags --libs meshvitals) -o manual && ./manual */

#include <meshvitals.h>
#include <stdio.h>

static const uint64_t SECOND = 1000000000;

int main(void) {
    static const char *const words[] = {"UNKNOWN", "HEALTHY", "DEGRADED", "UNHEALTHY"};
    static const char check[] =
        "{\"name\": \"job\", \"heartbeat\": {\"ttl\": \"15s\"}, \"failure_threshold\": 2,"
        " \"success_threshold\": 2}";
    meshvitals_monitor_t *monitor = NULL;
    meshvitals_subscription_t *events = NULL;
    meshvitals_error_t error = {0};
    meshvitals_check_id_t id = 0;
    uint64_t now, next;

    if (meshvitals_monitor_new("{\"clock\": \"manual\"}", &monitor, &error) ||
        meshvitals_register(monitor, check, &id, &error) ||
        meshvitals_subscribe(monitor, MESHVITALS_KIND_STATUS, 64, &events, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (now = 0; now <= 120 * SECOND; now = next < now + SECOND ? next : now + SECOND) {
        meshvitals_event_t event;
        /* One turn: whatever is due is done, and `next` is when the next one is needed. */
        if (meshvitals_monitor_advance(monitor, now, &next)) return 1;
        if (now % (10 * SECOND) == 0 && (now < 30 * SECOND || now > 80 * SECOND)) {
            meshvitals_result_t beat = MESHVITALS_RESULT_INIT;
            beat.outcome = MESHVITALS_OUTCOME_PASS;
            meshvitals_report(monitor, id, &beat);
        }
        /* Polls never wait here: time does not pass by itself. */
        while (meshvitals_poll(events, &event, sizeof event, 1, -1) == 1)
            if (event.check == id && event.reason != MESHVITALS_REASON_INITIAL)
                printf("%3.0f s %s\n", (double)event.at_ns / (double)SECOND, words[event.status]);
    }
    meshvitals_subscription_free(events);
    meshvitals_monitor_free(monitor);
    return 0;
}
