/* The library is loaded, used, unloaded with a monitor that runs, and loaded again: its threads
   outlive the unloading, so its code must stay. The same for those that still look for a name. */

#include "names.h"

#define FIND(library, name) ((__typeof__(&meshvitals_##name))find(library, "meshvitals_" #name))

/* Through an integer, for C has no cast from an object's address to a function's. */
static uintptr_t find(void *library, const char *name) {
  void *address = dlsym(library, name);
  NEED(address != NULL, 0);
  return (uintptr_t)address;
}

static void *load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fprintf(stderr, "%s\n", dlerror());
  NEED(library != NULL, 0);
  return library;
}

static atomic_long calls;

static int count_it(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  (void)user, (void)run, (void)out;
  calls++;
  return 0;
}

/* Unloaded while the system looks for a name: the thread comes back into the library. */
static void while_a_name_hangs(const char *path, int is_freed) {
  void *library = load(path);
  meshvitals_monitor_t *monitor;
  pthread_rwlock_wrlock(&names_gate);
  GOOD(FIND(library, monitor_new)(
      "{\"system_checks\": false, \"start_spread\": \"0ms\", \"stop_timeout\": \"1ms\"}", &monitor,
      NULL));
  GOOD(FIND(library, monitor_start)(monitor, NULL));
  GOOD(FIND(library, register)(
      monitor, "{\"name\": \"c\", \"tcp\": {\"address\": \"db.hangs:80\"}}", NULL, NULL));
  while (names_inside == 0) sched_yield();
  if (is_freed) FIND(library, monitor_free)(monitor);
  NEED(dlclose(library) == 0, errno);
  pthread_rwlock_unlock(&names_gate);
  while (names_inside > 0) sched_yield();
  if (!is_freed) {
    library = load(path);
    GOOD(FIND(library, monitor_stop)(monitor, SECONDS * 1000));
    NEED(names_threads == 0, names_threads);
    FIND(library, monitor_free)(monitor);
    NEED(dlclose(library) == 0, errno);
  }
  while (names_threads > 0) sched_yield();
}

int main(int count, char **arguments) {
  NEED(count == 2, count);
  alarm(50);
  while_a_name_hangs(arguments[1], 1);
  while_a_name_hangs(arguments[1], 0);
  int port = serve();
  for (int round = 0; round < 5; round++) {
    void *library = load(arguments[1]);
    meshvitals_monitor_t *monitor;
    meshvitals_check_id_t id;
    GOOD(FIND(library, monitor_new)(BARE, &monitor, NULL));
    GOOD(FIND(library, monitor_start)(monitor, NULL));
    GOOD(FIND(library, register)(
        monitor, TEXT("{\"name\": \"c\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
                      "\"interval\": \"10ms\"}", port), &id, NULL));
    GOOD(FIND(library, register_callback)(
        monitor, "{\"name\": \"counts\", \"callback\": {}, \"interval\": \"10ms\"}", count_it, NULL,
        NULL, NULL, NULL));
    const meshvitals_cell_t *cell = FIND(library, cell)(monitor, id);
    long before = calls;
    while (calls < before + 3) sched_yield();
    NEED(dlclose(library) == 0, errno);
    /* Its threads go on: functions are called, statuses are published. */
    before = calls;
    while (calls < before + 20) sched_yield();
    while (meshvitals_cell_status(cell, id) != MESHVITALS_STATUS_HEALTHY) sched_yield();
    /* The forks of a process that has unloaded it still go well. */
    int status;
    pid_t made = fork();
    NEED(made >= 0, errno);
    if (made == 0) exit(meshvitals_cell_status(cell, id) == MESHVITALS_STATUS_UNKNOWN ? 0 : 1);
    NEED(waitpid(made, &status, 0) == made && status == 0, status);
    /* And the same monitor is there when it is loaded again. */
    library = load(arguments[1]);
    NEED(FIND(library, status)(monitor, id) == MESHVITALS_STATUS_HEALTHY, 0);
    if (round % 2) {
      FIND(library, monitor_free)(monitor);
      NEED(dlclose(library) == 0, errno);
      NEED(meshvitals_cell_status(cell, id) == MESHVITALS_STATUS_UNKNOWN, 0);
    } else {
      NEED(dlclose(library) == 0, errno);
    }
  }
  return 0;
}
