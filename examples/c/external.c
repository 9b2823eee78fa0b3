/* A check that the program runs itself: the library says when, keeps the deadline and decides; the
   program measures on whatever thread or loop it likes.

   The target here answers, then falls silent, then answers again; the program ends when its check
   is HEALTHY again:
   cc external.c $(pkg-config --cflags --libs meshvitals) -o external && ./external */

#include <meshvitals.h>
#include <stdio.h>

/* Answers the request with a pass. A real program would start something here, keep the token, and
   come back to this when it is done. */
static void report(meshvitals_monitor_t *monitor, const meshvitals_event_t *due) {
    meshvitals_result_t result = MESHVITALS_RESULT_INIT;
    result.outcome = MESHVITALS_OUTCOME_PASS;
    result.token = due->token;
    meshvitals_report(monitor, due->check, &result);
}

int main(void) {
    static const char check[] =
        "{\"name\": \"replica\", \"external\": {}, \"interval\": \"200ms\", \"timeout\": \"100ms\","
        " \"initial_delay\": 0, \"failure_threshold\": 2, \"success_threshold\": 1}";
    static const char *const words[] = {"UNKNOWN", "HEALTHY", "DEGRADED", "UNHEALTHY"};
    meshvitals_monitor_t *monitor = NULL;
    meshvitals_subscription_t *events = NULL;
    meshvitals_error_t error = {0};
    meshvitals_check_id_t id = 0;
    int silent = 0, fell = 0, recovered = 0;

    if (meshvitals_monitor_new("{\"system_checks\": false}", &monitor, &error) ||
        meshvitals_register(monitor, check, &id, &error) ||
        /* Only one subscription of a monitor may have DUE. */
        meshvitals_subscribe(monitor, MESHVITALS_KIND_STATUS | MESHVITALS_KIND_DUE, 64, &events,
                             &error) ||
        meshvitals_monitor_start(monitor, &error)) {
        fprintf(stderr, "%s\n", error.message);
    }
    while (error.code == 0 && !recovered) {
        meshvitals_event_t event;
        if (meshvitals_poll(events, &event, sizeof event, 1, -1) != 1) break;
        switch (event.kind) {
        case MESHVITALS_EVENT_CHECK_DUE:
            if (!silent) report(monitor, &event);
            break;
        case MESHVITALS_EVENT_CHECK_CANCEL:
            /* The deadline passed: whatever runs for this token is stopped here. */
            printf("cancelled\n");
            break;
        case MESHVITALS_EVENT_STATUS:
            if (event.check != id || event.reason == MESHVITALS_REASON_INITIAL) break;
            printf("%s (%s)\n", words[event.status], meshvitals_reason_text(event.reason));
            recovered = fell && event.status == MESHVITALS_STATUS_HEALTHY;
            fell = fell || (silent && event.status == MESHVITALS_STATUS_UNHEALTHY);
            silent = !fell;
            break;
        }
    }
    meshvitals_subscription_free(events);
    meshvitals_monitor_free(monitor);
    return !recovered;
}
