/* Names that are being looked for when a monitor is stopped or freed: OK means that none of their
   threads exists any more, TIMEOUT that a name hangs. */

#include "names.h"

#define NAMES 5

/* Threads of this process that have the name. */
static int threads_named(const char *name) {
  DIR *tasks = opendir("/proc/self/task");
  NEED(tasks != NULL, errno);
  int count = 0;
  for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
    char is[32] = "";
    FILE *file = fopen(TEXT("/proc/self/task/%s/comm", task->d_name), "r");
    if (file == NULL) continue;
    if (fgets(is, sizeof is, file) != NULL) count += strncmp(is, name, strlen(name)) == 0;
    fclose(file);
  }
  closedir(tasks);
  return count;
}

static void no_thread_looks_for_names(void) {
  NEED(names_threads == 0, names_threads);
  /* A thread that was joined is seen there for an instant longer. */
  for (time_t until = time(NULL) + SECONDS; threads_named("meshvitals-dns") != 0;) {
    NEED(time(NULL) < until, threads_named("meshvitals-dns"));
    sched_yield();
  }
}

/* The threads of the system's own resolver, which wait for the next name when they are stopped. */
static void idle_threads_end_with_a_stop(int port) {
  meshvitals_monitor_t *monitor = monitor_with(BARE);
  meshvitals_check_id_t id =
      add(monitor, TEXT("{\"name\": \"c\", \"http\": {\"url\": \"http://localhost:%d/\"},"
                        "\"interval\": \"20ms\"}", port));
  for (int round = 0; round < 30; round++) {
    meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
    GOOD(meshvitals_monitor_start(monitor, NULL));
    await_result(results, id, MESHVITALS_OUTCOME_PASS);
    NEED(names_threads > 0 && threads_named("meshvitals-dns") > 0, names_threads);
    GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
    no_thread_looks_for_names();
    meshvitals_subscription_free(results);
  }
  meshvitals_monitor_free(monitor);
}

static void watch_names_that_hang(meshvitals_monitor_t *monitor) {
  for (int i = 0; i < NAMES; i++)
    add(monitor, TEXT("{\"name\": \"c%d\", \"tcp\": {\"address\": \"db%d.hangs:80\"},"
                      "\"interval\": \"20ms\", \"timeout\": \"20ms\"}", i, i));
  /* More than there are threads at first: those that hang are written off and replaced. */
  while (names_inside < NAMES) sched_yield();
}

static void a_stop_says_that_a_name_hangs(void) {
  pthread_rwlock_wrlock(&names_gate);
  meshvitals_monitor_t *monitor = started(BARE);
  watch_names_that_hang(monitor);
  CODE(MESHVITALS_ERROR_TIMEOUT, meshvitals_monitor_stop(monitor, 1));
  CODE(MESHVITALS_ERROR_TIMEOUT, meshvitals_monitor_stop(monitor, 0));
  /* The next life does not wait for what hangs in the last one, and does not forget it. */
  GOOD(meshvitals_monitor_start(monitor, NULL));
  CODE(MESHVITALS_ERROR_TIMEOUT, meshvitals_monitor_stop(monitor, 1));
  NEED(names_inside >= NAMES, names_inside);
  pthread_rwlock_unlock(&names_gate);
  GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
  no_thread_looks_for_names();
  meshvitals_monitor_free(monitor);
}

/* Freeing waits for its time and no longer; the threads end when their names have come back. */
static void freeing_does_not_wait_for_ever(void) {
  pthread_rwlock_wrlock(&names_gate);
  meshvitals_monitor_t *monitor = started(
      "{\"system_checks\": false, \"start_spread\": \"0ms\", \"stop_timeout\": \"20ms\"}");
  watch_names_that_hang(monitor);
  meshvitals_monitor_free(monitor);
  NEED(names_inside >= NAMES, names_inside);
  pthread_rwlock_unlock(&names_gate);
  while (names_threads > 0) sched_yield();
  no_thread_looks_for_names();
}

int main(void) {
  alarm(50);
  idle_threads_end_with_a_stop(serve());
  a_stop_says_that_a_name_hangs();
  freeing_does_not_wait_for_ever();
  return 0;
}
