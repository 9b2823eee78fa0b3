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

static meshvitals_result_t once(const char *host) {
  meshvitals_result_t result = MESHVITALS_RESULT_INIT;
  GOOD(meshvitals_probe_once(NULL, TEXT("{\"name\": \"c\", \"tcp\": {\"address\": \"%s\"},"
                                        "\"timeout\": \"10ms\"}", host), &result, NULL));
  return result;
}

static void is_refused(meshvitals_result_t result) {
  NEED(result.outcome == MESHVITALS_OUTCOME_LOCAL, result.outcome);
  NEED(result.reason == MESHVITALS_REASON_LOCAL_RESOLVER, result.reason);
  NEED(strstr(result.message, "too many names hang") != NULL, 0);
}

/* One probe leaves the thread of a name that hangs, of which a process has 64 at most. */
static void threads_that_are_left_are_bounded_in_the_process(int port) {
  pthread_rwlock_wrlock(&names_gate);
  while (names_inside < 64) once("db.hangs:80");
  for (int i = 0; i < 10; i++) is_refused(once("db.hangs:80"));
  is_refused(once(TEXT("localhost:%d", port)));
  NEED(names_inside == 64, names_inside);

  /* A monitor has to do without, too. */
  meshvitals_monitor_t *monitor = monitor_with(BARE);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  meshvitals_check_id_t id =
      add(monitor, TEXT("{\"name\": \"c\", \"tcp\": {\"address\": \"localhost:%d\"},"
                        "\"interval\": \"20ms\"}", port));
  GOOD(meshvitals_monitor_start(monitor, NULL));
  await_result(results, id, MESHVITALS_OUTCOME_LOCAL);
  NEED(names_inside == 64, names_inside);

  /* A child has none of these threads, and so as many of its own. */
  pid_t made = fork();
  NEED(made >= 0, errno);
  if (made == 0) {
    alarm(SECONDS);
    meshvitals_result_t result;
    do {
      result = once(TEXT("localhost:%d", port));
      NEED(strstr(result.message, "too many names hang") == NULL, 0);
    } while (result.outcome != MESHVITALS_OUTCOME_PASS);
    _exit(0);
  }
  int status;
  NEED(waitpid(made, &status, 0) == made && status == 0, status);

  pthread_rwlock_unlock(&names_gate);
  await_result(results, id, MESHVITALS_OUTCOME_PASS);
  GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
  meshvitals_monitor_free(monitor);
  meshvitals_subscription_free(results);
  while (names_threads > 0) sched_yield();
  no_thread_looks_for_names();
}

int main(void) {
  alarm(50);
  int port = serve();
  idle_threads_end_with_a_stop(port);
  a_stop_says_that_a_name_hangs();
  freeing_does_not_wait_for_ever();
  threads_that_are_left_are_bounded_in_the_process(port);
  return 0;
}
