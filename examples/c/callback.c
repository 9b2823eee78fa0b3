/* A check that is a function of the program: the library calls it, on a thread of its own and under
   a deadline.

   A queue fills up and is emptied; the program ends when its check is HEALTHY again:
   cc callback.c $(pkg-config --cflags --libs meshvitals) -lpthread -o callback && ./callback */

#include <meshvitals.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct queue {
    pthread_mutex_t lock;
    int length, limit;
};

/* Measures once. Called from one thread at a time, which is never one of the program's. */
static int32_t measure(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
    struct queue *queue = user;
    (void)run; /* its deadline_ns says how long there is time */
    pthread_mutex_lock(&queue->lock);
    out->value = queue->length;
    if (queue->length >= queue->limit) out->outcome = MESHVITALS_OUTCOME_FAIL;
    pthread_mutex_unlock(&queue->lock);
    snprintf(out->message, sizeof out->message, "%.0f of %d places taken", out->value,
             queue->limit);
    return 0; /* another number would be a failure with that number as its detail */
}

/* Called once, after the last return of `measure`: only then may the queue go. */
static void drop(void *user) {
    struct queue *queue = user;
    pthread_mutex_destroy(&queue->lock);
    free(queue);
    printf("dropped\n");
}

static void fill(struct queue *queue, int length) {
    pthread_mutex_lock(&queue->lock);
    queue->length = length;
    pthread_mutex_unlock(&queue->lock);
}

int main(void) {
    static const char check[] =
        "{\"name\": \"queue\", \"callback\": {}, \"interval\": \"50ms\", \"timeout\": \"1s\","
        " \"initial_delay\": 0, \"success_threshold\": 1}";
    meshvitals_monitor_t *monitor = NULL;
    meshvitals_subscription_t *events = NULL;
    meshvitals_error_t error = {0};
    meshvitals_check_id_t id = 0;
    struct queue *queue = calloc(1, sizeof *queue);
    int was_full = 0, over = 0;

    if (queue == NULL) return 1;
    pthread_mutex_init(&queue->lock, NULL);
    queue->limit = 10;
    if (meshvitals_monitor_new("{\"system_checks\": false}", &monitor, &error) ||
        meshvitals_subscribe(monitor, MESHVITALS_KIND_STATUS, 64, &events, &error) ||
        meshvitals_monitor_start(monitor, &error) ||
        /* From here on the queue is the library's, but only if this succeeds. */
        meshvitals_register_callback(monitor, check, measure, queue, drop, &id, &error)) {
        fprintf(stderr, "%s\n", error.message);
        meshvitals_subscription_free(events);
        meshvitals_monitor_free(monitor);
        free(queue);
        return 1;
    }
    while (!over) {
        meshvitals_event_t event;
        if (meshvitals_poll(events, &event, sizeof event, 1, -1) != 1) break;
        if (event.check != id || event.reason == MESHVITALS_REASON_INITIAL) continue;
        printf("%s (%s)\n", event.status == MESHVITALS_STATUS_HEALTHY ? "HEALTHY" : "UNHEALTHY",
               event.text);
        over = was_full && event.status == MESHVITALS_STATUS_HEALTHY;
        was_full = event.status == MESHVITALS_STATUS_UNHEALTHY;
        fill(queue, was_full ? 0 : queue->limit);
    }
    meshvitals_subscription_free(events);
    meshvitals_monitor_free(monitor);
    return !over;
}
