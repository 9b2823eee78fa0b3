/* Stopping: in time while targets are silent, from many threads, a hundred times without leaving
   a thread or a descriptor. */

#include "guest.h"

#define TASKS "/proc/self/task"
#define DESCRIPTORS "/proc/self/fd"

static int port, silent;

static void fill(meshvitals_monitor_t *monitor) {
  for (int i = 0; i < 20; i++)
    add(monitor, TEXT("{\"name\": \"c%d\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
                      "\"interval\": \"20ms\", \"timeout\": \"60s\"}", i, i % 2 ? silent : port));
  add(monitor, "{\"name\": \"disk\", \"disk\": {\"path\": \"/\"}, \"interval\": \"20ms\"}");
}

static meshvitals_check_id_t first_of(meshvitals_monitor_t *monitor, const char *name) {
  meshvitals_check_id_t id;
  GOOD(meshvitals_find(monitor, name, &id));
  return id;
}

static void *waits(void *argument) {
  meshvitals_event_t event;
  int count;
  while ((count = meshvitals_poll(argument, &event, sizeof event, 1, -1)) >= 0) {
  }
  NEED(count == MESHVITALS_ERROR_STOPPED, count);
  return NULL;
}

/* Runs without an answer do not hold a stop up, nor do those who wait for events. */
static void with_runs_in_flight(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  fill(monitor);
  meshvitals_subscription_t *waiting = subscribe(monitor, MESHVITALS_KIND_LIFE);
  pthread_t waiter = thread(waits, waiting);
  meshvitals_snapshot_t snapshot = {.struct_size = sizeof snapshot};
  do {
    sched_yield();
    GOOD(meshvitals_snapshot(monitor, first_of(monitor, "c1"), &snapshot));
  } while (snapshot.in_flight == 0);
  GOOD(meshvitals_monitor_stop(monitor, 10000));
  pthread_join(waiter, NULL);
  GOOD(meshvitals_monitor_stop(monitor, 0));
  CODE(MESHVITALS_ERROR_NOT_RUNNING, meshvitals_check_now(monitor, first_of(monitor, "c1")));
  meshvitals_monitor_free(monitor);
  meshvitals_subscription_free(waiting);
}

static void again_and_again(void) {
  int tasks = entries(TASKS), descriptors = entries(DESCRIPTORS);
  meshvitals_monitor_t *monitor = monitor_with(BARE);
  fill(monitor);
  for (int round = 0; round < 100; round++) {
    meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
    GOOD(meshvitals_monitor_start(monitor, NULL));
    GOOD(meshvitals_monitor_start(monitor, NULL));
    if (round % 3)
      await_result(results, first_of(monitor, round % 3 == 1 ? "c0" : "disk"),
                   MESHVITALS_OUTCOME_PASS);
    GOOD(meshvitals_monitor_stop(monitor, 1000 * SECONDS));
    GOOD(meshvitals_monitor_stop(monitor, 1000 * SECONDS));
    meshvitals_subscription_free(results);
  }
  settle(TASKS, tasks);
  meshvitals_monitor_free(monitor);
  for (int round = 0; round < 100; round++) {
    monitor = started(BARE);
    if (round % 2) fill(monitor);
    meshvitals_monitor_free(monitor);
  }
  settle(TASKS, tasks);
  /* The server may still hold its end of the last connection. */
  settle(DESCRIPTORS, descriptors);
}

static void *starts_and_stops(void *argument) {
  for (int round = 0; round < 200; round++) {
    meshvitals_code_t code = meshvitals_monitor_start(argument, NULL);
    NEED(code == MESHVITALS_OK || code == MESHVITALS_ERROR_BUSY, code);
    GOOD(meshvitals_monitor_stop(argument, 1000 * SECONDS));
  }
  return NULL;
}

static void from_many_threads(void) {
  int tasks = entries(TASKS), descriptors = entries(DESCRIPTORS);
  meshvitals_monitor_t *monitor = monitor_with(BARE);
  fill(monitor);
  for (int round = 0; round < 3; round++) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) threads[i] = thread(starts_and_stops, monitor);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    settle(TASKS, tasks);
    /* Whoever came last, the next start works. */
    GOOD(meshvitals_monitor_start(monitor, NULL));
    meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
    await_result(results, first_of(monitor, "c0"), MESHVITALS_OUTCOME_PASS);
    meshvitals_subscription_free(results);
  }
  meshvitals_monitor_free(monitor);
  settle(TASKS, tasks);
  settle(DESCRIPTORS, descriptors);
}

int main(void) {
  alarm(300);
  listener(&silent);
  port = serve();
  with_runs_in_flight();
  again_and_again();
  from_many_threads();
  return 0;
}
