/* Eight threads call everything at once, also on each other's checks, while the engine runs. Only
   documented codes come back, and afterwards nothing is left. */

#include "guest.h"

#define THREADS 8
#define SHARED 64

static meshvitals_monitor_t *monitor;
static _Atomic meshvitals_check_id_t shared[SHARED];
static atomic_long drops, callbacks;
static int rounds = 300, port;

/* A count or OK, or one of these codes; the last of them is 0. */
#define ONE_OF(call, ...) one_of(__LINE__, call, (int[]){__VA_ARGS__})

static void one_of(int line, long long code, const int *codes) {
  while (*codes != 0 && *codes != code) codes++;
  if (code >= 0 || *codes != 0) return;
  fprintf(stderr, "line %d: code %lld\n", line, code);
  _exit(1);
}

#define GONE MESHVITALS_ERROR_STALE, MESHVITALS_ERROR_NOT_FOUND
#define MODE MESHVITALS_ERROR_MODE

static int pass(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  (void)user, (void)run;
  out->value = 1;
  return 0;
}

static void count_drop(void *user) {
  (void)user;
  drops++;
}

static void use(meshvitals_check_id_t id, unsigned number) {
  meshvitals_snapshot_t snapshot = {.struct_size = sizeof snapshot};
  meshvitals_result_t result = {.struct_size = sizeof result, .outcome = 1 + (int)(number % 3)};
  meshvitals_check_id_t found;
  NEED((unsigned)meshvitals_status(monitor, id) <= 3, 0);
  NEED((unsigned)meshvitals_cell_status(meshvitals_cell(monitor, id), id) <= 3, 0);
  ONE_OF(meshvitals_pause(monitor, id, number % 2), GONE, 0);
  ONE_OF(meshvitals_override(monitor, id, (int)(number % 4), number % 5), GONE, 0);
  ONE_OF(meshvitals_snapshot(monitor, id, &snapshot), GONE, 0);
  ONE_OF(meshvitals_answer(monitor, id), GONE, 0);
  ONE_OF(meshvitals_report(monitor, id, &result), GONE, MODE, 0);
  ONE_OF(meshvitals_check_now(monitor, id), GONE, MODE, 0);
  ONE_OF(meshvitals_find(monitor, snapshot.name, &found), MESHVITALS_ERROR_NOT_FOUND, 0);
}

static void *hammer(void *argument) {
  unsigned number = *(unsigned *)argument;
  meshvitals_subscription_t *mine;
  GOOD(meshvitals_subscribe(monitor, MESHVITALS_KIND_STATUS | MESHVITALS_KIND_RESULT |
                                         MESHVITALS_KIND_LIFE | MESHVITALS_KIND_LOG |
                                         (number == 0 ? MESHVITALS_KIND_DUE : 0),
                            16, &mine, NULL));
  for (int round = 0; round < rounds; round++) {
    meshvitals_check_id_t ids[4] = {0};
    meshvitals_event_t events[8];
    uintptr_t count = 0;
    char report[512];
    GOOD(meshvitals_register_many(
        monitor,
        TEXT("[{\"name\": \"h%u\", \"heartbeat\": {\"ttl\": \"10ms\"}, \"tags\": [\"t%u\"]},"
             "{\"name\": \"w%u\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
             "\"interval\": \"10ms\", \"initial_delay\": \"0ms\", \"depends_on\": [\"h%u\"]},"
             "{\"name\": \"e%u\", \"external\": {}, \"interval\": \"10ms\"}]",
             number, number % 3, number, port, number, number),
        ids, 4, &count, NULL));
    NEED(count == 3, count);
    ids[3] = add(monitor, TEXT("{\"name\": \"t%u\", \"tcp\": {\"address\": \"127.0.0.1:%d\"},"
                               "\"interval\": \"10ms\", \"initial_delay\": \"0ms\"}",
                               number, port));
    for (int i = 0; i < 4; i++)
      shared[(number * 4 + (unsigned)i) % SHARED] = ids[i];
    if (meshvitals_register_callback(monitor, "{\"name\": \"one\", \"callback\": {},"
                                              "\"initial_delay\": \"0ms\"}",
                                     pass, NULL, count_drop, &ids[0], NULL) == 0) {
      callbacks++;
      GOOD(meshvitals_check_now(monitor, ids[0]));
      GOOD(meshvitals_unregister(monitor, ids[0]));
      ids[0] = shared[number * 4 % SHARED];
    }
    ONE_OF(meshvitals_replace(monitor,
                              TEXT("{\"name\": \"r\", \"tcp\": {\"address\": \"127.0.0.1:%d\"},"
                                   "\"interval\": \"%dms\"}", port, 10 + round % 3),
                              NULL, NULL), 0);
    for (unsigned i = 0; i < 4; i++) use(shared[(unsigned)(round * 7) % SHARED], i + number);
    ONE_OF(meshvitals_poll(mine, events, sizeof events[0], 8, round % 2), 0);
    ONE_OF(meshvitals_render(monitor, round % 2 ? "json" : "openmetrics", report, sizeof report),
           0);
    NEED((unsigned)meshvitals_overall(monitor) <= 3, 0);
    GOOD(meshvitals_unregister_many(monitor, ids, 4));
    CODE(MESHVITALS_ERROR_STALE, meshvitals_unregister(monitor, ids[1]));
    if (round % 16 == 0) {
      meshvitals_subscription_free(mine);
      mine = subscribe(monitor, MESHVITALS_KIND_RESULT);
    }
  }
  meshvitals_subscription_free(mine);
  return NULL;
}

int main(int count, char **arguments) {
  pthread_t threads[THREADS];
  unsigned numbers[THREADS];
  if (count > 1) rounds = atoi(arguments[1]);
  /* A slow run, with a checker of memory around it, is bounded by who starts it. */
  if (count == 1) alarm(50);
  port = serve();
  monitor = started(BARE);
  int64_t before = meshvitals_list(monitor, NULL, 0);
  for (unsigned i = 0; i < THREADS; i++) {
    numbers[i] = i;
    threads[i] = thread(hammer, &numbers[i]);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  meshvitals_check_id_t replaced;
  GOOD(meshvitals_find(monitor, "r", &replaced));
  GOOD(meshvitals_unregister(monitor, replaced));
  CODE(before, meshvitals_list(monitor, NULL, 0));
  for (int i = 0; i < SHARED; i++) CODE(0, meshvitals_status(monitor, shared[i]));
  /* It still works. */
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  meshvitals_check_id_t id =
      add(monitor, TEXT("{\"name\": \"after\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
                        "\"interval\": \"10ms\"}", port));
  await_result(results, id, MESHVITALS_OUTCOME_PASS);
  /* External checks were not answered, which the library says of itself for a while. */
  meshvitals_subscription_free(results);
  results = subscribe(monitor, MESHVITALS_KIND_STATUS);
  while (meshvitals_overall(monitor) != MESHVITALS_STATUS_HEALTHY) next_event(results);
  GOOD(meshvitals_unregister(monitor, id));
  CODE(before, meshvitals_list(monitor, NULL, 0));
  CODE(MESHVITALS_STATUS_HEALTHY, meshvitals_overall(monitor));
  GOOD(meshvitals_monitor_stop(monitor, 1000 * SECONDS));
  NEED(drops == callbacks && drops > 0, drops);
  meshvitals_monitor_free(monitor);
  meshvitals_subscription_free(results);
  return 0;
}
