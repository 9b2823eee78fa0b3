/* Callbacks: what they return, hang in, are too late for and call themselves; and that what
   belongs to them is dropped once, after their last return. */

#include "guest.h"

#define HUNG 6
#define ROUNDS 400

struct job {
  atomic_int calls, drops, calls_after_drop;
  atomic_int gate;  /* 1: wait for `go`. */
  sem_t entered, go, dropped;
  int answer, outcome;
  meshvitals_monitor_t *monitor;
  meshvitals_check_id_t id;
  _Atomic uint64_t deadline;
  int (*inside)(struct job *);
  int (*at_drop)(struct job *);
  atomic_int said;
};

static int run_job(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  struct job *job = user;
  if (job->drops) job->calls_after_drop++;
  job->calls++;
  if (!job->deadline) job->deadline = run->deadline_ns;
  sem_post(&job->entered);
  if (job->gate) hang_until(&job->go);
  if (job->outcome) out->outcome = job->outcome;
  if (job->inside) job->said = job->inside(job);
  return job->answer;
}

static void drop_job(void *user) {
  struct job *job = user;
  if (job->at_drop) job->said = job->at_drop(job);
  job->drops++;
  sem_post(&job->dropped);
}

static struct job *job_of(meshvitals_monitor_t *monitor) {
  struct job *job = calloc(1, sizeof *job);
  NEED(job != NULL, 0);
  sem_init(&job->entered, 0, 0);
  sem_init(&job->go, 0, 0);
  sem_init(&job->dropped, 0, 0);
  job->monitor = monitor;
  job->said = 1;
  return job;
}

static void start_job(struct job *job, const char *document) {
  meshvitals_error_t err;
  meshvitals_code_t code = meshvitals_register_callback(job->monitor, document, run_job, job,
                                                        drop_job, &job->id, &err);
  if (code != 0) fprintf(stderr, "%s: %s\n", err.key, err.message);
  NEED(code == 0, code);
}

static void dropped_once(struct job *job) {
  await(&job->dropped);
  NEED(job->drops == 1, job->drops);
}

#define FAST "\"callback\": {}, \"interval\": \"20ms\", \"timeout\": \"60s\""

static void runs_and_is_dropped_once(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  struct job *removed = job_of(monitor), *freed = job_of(monitor), *refused = job_of(monitor);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  start_job(removed, "{\"name\": \"removed\", " FAST "}");
  start_job(freed, "{\"name\": \"freed\", " FAST "}");
  CODE(MESHVITALS_ERROR_EXISTS,
       meshvitals_register_callback(monitor, "{\"name\": \"freed\", " FAST "}", run_job, refused,
                                    drop_job, NULL, NULL));
  await_result(results, removed->id, MESHVITALS_OUTCOME_PASS);
  await_result(results, freed->id, MESHVITALS_OUTCOME_PASS);
  GOOD(meshvitals_unregister(monitor, removed->id));
  dropped_once(removed);
  GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
  NEED(freed->drops == 0, freed->drops);
  GOOD(meshvitals_monitor_start(monitor, NULL));
  await_result(results, freed->id, MESHVITALS_OUTCOME_PASS);
  meshvitals_monitor_free(monitor);
  dropped_once(freed);
  NEED(removed->drops == 1 && removed->calls_after_drop == 0, removed->drops);
  NEED(refused->drops == 0 && refused->calls == 0, refused->drops);
  meshvitals_subscription_free(results);
}

static void says_no(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  struct job *negative = job_of(monitor), *wrong = job_of(monitor);
  negative->answer = -7;
  wrong->outcome = 99;
  start_job(negative, "{\"name\": \"negative\", " FAST "}");
  meshvitals_event_t event = await_result(results, negative->id, MESHVITALS_OUTCOME_FAIL);
  NEED(event.reason == MESHVITALS_REASON_CALLBACK_FAILED && event.detail == -7, event.detail);
  start_job(wrong, "{\"name\": \"wrong\", " FAST "}");
  event = await_result(results, wrong->id, MESHVITALS_OUTCOME_FAIL);
  NEED(event.reason == MESHVITALS_REASON_CALLBACK_FAILED && event.text[0] != 0, event.reason);
  meshvitals_monitor_free(monitor);
  dropped_once(negative);
  dropped_once(wrong);
  meshvitals_subscription_free(results);
}

static void hangs(void) {
  meshvitals_monitor_t *monitor =
      started("{\"system_checks\": false, \"start_spread\": \"0ms\", \"stop_timeout\": \"20ms\"}");
  meshvitals_subscription_t *events =
      subscribe(monitor, MESHVITALS_KIND_RESULT | MESHVITALS_KIND_STATUS);
  meshvitals_subscription_t *statuses = subscribe(monitor, MESHVITALS_KIND_STATUS);
  struct job *hung[HUNG], *well = job_of(monitor);
  for (int i = 0; i < HUNG; i++) {
    hung[i] = job_of(monitor);
    hung[i]->gate = 1;
    start_job(hung[i], TEXT("{\"name\": \"hung%d\", \"callback\": {}, \"interval\": \"60ms\","
                            "\"timeout\": \"50ms\"}", i));
    await(&hung[i]->entered);
    meshvitals_event_t event = await_result(events, hung[i]->id, MESHVITALS_OUTCOME_TIMEOUT);
    NEED(event.reason == MESHVITALS_REASON_TIMEOUT, event.reason);
    NEED(event.at_ns >= hung[i]->deadline, event.at_ns);
  }
  for (int i = 0; i < HUNG; i++) {
    meshvitals_event_t event = await_result(events, hung[i]->id, MESHVITALS_OUTCOME_TIMEOUT);
    NEED(event.reason == MESHVITALS_REASON_STILL_RUNNING, event.reason);
    if (meshvitals_status(monitor, hung[i]->id) != MESHVITALS_STATUS_UNHEALTHY)
      await_status(statuses, hung[i]->id, MESHVITALS_STATUS_UNHEALTHY);
    NEED(hung[i]->calls == 1, hung[i]->calls);
  }
  start_job(well, "{\"name\": \"well\", " FAST "}");
  for (int i = 0; i < 3; i++) await_result(events, well->id, MESHVITALS_OUTCOME_PASS);
  GOOD(meshvitals_unregister(monitor, hung[0]->id));
  CODE(MESHVITALS_ERROR_TIMEOUT, meshvitals_monitor_stop(monitor, 20));
  CODE(0, meshvitals_status(monitor, hung[1]->id));
  CODE(MESHVITALS_ERROR_TIMEOUT, meshvitals_monitor_stop(monitor, 0));
  int calls = well->calls;
  meshvitals_monitor_free(monitor);
  dropped_once(well);
  NEED(well->calls == calls, well->calls);
  for (int i = 0; i < HUNG; i++) {
    NEED(hung[i]->drops == 0, i);
    sem_post(&hung[i]->go);
    dropped_once(hung[i]);
  }
  meshvitals_subscription_free(events);
  meshvitals_subscription_free(statuses);
}

/* The engine works again after a stop that did not wait for anything. */
static void stops_at_once_and_starts_again(void) {
  meshvitals_monitor_t *monitor = monitor_with(BARE);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  struct job *job = job_of(monitor);
  start_job(job, "{\"name\": \"job\", " FAST "}");
  for (int round = 0; round < 50; round++) {
    GOOD(meshvitals_monitor_start(monitor, NULL));
    await_result(results, job->id, MESHVITALS_OUTCOME_PASS);
    meshvitals_code_t code = meshvitals_monitor_stop(monitor, 0);
    NEED(code == MESHVITALS_OK || code == MESHVITALS_ERROR_TIMEOUT, code);
    meshvitals_event_t event;
    while (meshvitals_poll(results, &event, sizeof event, 1, 0) > 0) {
    }
  }
  GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
  settle("/proc/self/task", 3);
  meshvitals_monitor_free(monitor);
  dropped_once(job);
  meshvitals_subscription_free(results);
}

/* A function that hung over a stop keeps the next call out, and recovers when it returns. */
static void recovers_after_a_restart(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  struct job *job = job_of(monitor);
  job->gate = 1;
  start_job(job, "{\"name\": \"job\", \"callback\": {}, \"interval\": \"20ms\","
                 "\"timeout\": \"20ms\"}");
  while (await_result(results, job->id, MESHVITALS_OUTCOME_TIMEOUT).reason !=
         MESHVITALS_REASON_STILL_RUNNING) {
  }
  CODE(MESHVITALS_ERROR_TIMEOUT, meshvitals_monitor_stop(monitor, 1));
  meshvitals_subscription_free(results);
  results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  GOOD(meshvitals_monitor_start(monitor, NULL));
  meshvitals_event_t event = await_result(results, job->id, MESHVITALS_OUTCOME_TIMEOUT);
  NEED(event.reason == MESHVITALS_REASON_STILL_RUNNING && job->calls == 1, event.reason);
  job->gate = 0;
  sem_post(&job->go);
  await_result(results, job->id, MESHVITALS_OUTCOME_PASS);
  GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
  meshvitals_monitor_free(monitor);
  dropped_once(job);
  meshvitals_subscription_free(results);
}

static void is_too_late(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  struct job *late = job_of(monitor);
  late->gate = 1;
  start_job(late, "{\"name\": \"late\", \"callback\": {}, \"interval\": \"20ms\","
                  "\"timeout\": \"20ms\"}");
  for (int round = 0; round < 5; round++) {
    /* Goes on only when the deadline has been judged, and then says PASS. */
    await(&late->entered);
    meshvitals_event_t event;
    do {
      event = next_event(results);
      NEED(event.kind == MESHVITALS_EVENT_RESULT, event.kind);
      NEED(event.outcome == MESHVITALS_OUTCOME_TIMEOUT, event.outcome);
    } while (event.reason != MESHVITALS_REASON_TIMEOUT);
    sem_post(&late->go);
  }
  sem_post(&late->go);
  meshvitals_monitor_free(monitor);
  dropped_once(late);
  meshvitals_subscription_free(results);
}

static int stop_it(struct job *job) { return meshvitals_monitor_stop(job->monitor, 60000); }

static int advance_it(struct job *job) {
  return meshvitals_monitor_advance(job->monitor, 2000000000, NULL);
}

static int free_it(struct job *job) {
  meshvitals_monitor_free(job->monitor);
  return 0;
}

static int remove_itself(struct job *job) {
  return job->calls == 1 ? meshvitals_unregister(job->monitor, job->id) : job->said;
}

static int remove_and_stop(struct job *job) {
  return meshvitals_unregister(job->monitor, job->id) != 0 ? 2 : stop_it(job);
}

static void calls_from_inside(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  struct job *stops = job_of(monitor), *removes = job_of(monitor), *both = job_of(monitor);
  stops->inside = stop_it;
  start_job(stops, "{\"name\": \"stops\", " FAST "}");
  await(&stops->entered);
  await(&stops->entered);
  NEED(stops->said == MESHVITALS_ERROR_DEADLOCK, stops->said);
  /* The id must be known before the function uses it. */
  removes->inside = remove_itself;
  removes->gate = 1;
  start_job(removes, "{\"name\": \"removes\", " FAST "}");
  sem_post(&removes->go);
  dropped_once(removes);
  NEED(removes->said == MESHVITALS_OK && removes->calls == 1, removes->said);
  both->inside = remove_and_stop;
  both->at_drop = stop_it;
  both->gate = 1;
  start_job(both, "{\"name\": \"both\", " FAST "}");
  sem_post(&both->go);
  dropped_once(both);
  NEED(both->said == MESHVITALS_ERROR_DEADLOCK, both->said);
  /* On this thread: dropped by the call that removes the check. */
  struct job *here = job_of(monitor);
  here->at_drop = stop_it;
  start_job(here, "{\"name\": \"here\", \"callback\": {}, \"initial_delay\": \"1h\","
                  "\"interval\": \"1h\"}");
  GOOD(meshvitals_unregister(monitor, here->id));
  dropped_once(here);
  NEED(here->said == MESHVITALS_ERROR_DEADLOCK, here->said);
  meshvitals_monitor_free(monitor);
  dropped_once(stops);
}

/* A check that is removed while it waits for a thread of the pool is never called. */
static void is_removed_while_it_waits(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  struct job *busy[4], *waiting = job_of(monitor), *after = job_of(monitor);
  for (int i = 0; i < 4; i++) {
    busy[i] = job_of(monitor);
    busy[i]->gate = 1;
    start_job(busy[i], TEXT("{\"name\": \"busy%d\", " FAST "}", i));
    await(&busy[i]->entered);
  }
  for (int round = 0; round < 50; round++) {
    waiting->at_drop = stop_it;
    start_job(waiting, "{\"name\": \"waiting\", " FAST "}");
    (void)meshvitals_check_now(monitor, waiting->id);
    for (int turn = 0; turn < round; turn++) sched_yield();
    GOOD(meshvitals_unregister(monitor, waiting->id));
    dropped_once(waiting);
    NEED(waiting->said == MESHVITALS_ERROR_DEADLOCK, waiting->said);
    NEED(waiting->calls == 0, waiting->calls);
    waiting->drops = 0;
    waiting->said = 1;
  }
  start_job(after, "{\"name\": \"after\", " FAST "}");
  for (int i = 0; i < 4; i++) {
    busy[i]->gate = 0;
    sem_post(&busy[i]->go);
  }
  await(&after->entered);
  meshvitals_monitor_free(monitor);
  dropped_once(after);
  for (int i = 0; i < 4; i++) dropped_once(busy[i]);
}

static void is_freed_from_inside(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  struct job *frees = job_of(monitor);
  frees->inside = free_it;
  start_job(frees, "{\"name\": \"frees\", " FAST "}");
  dropped_once(frees);
  NEED(frees->said == 0 && frees->calls == 1, frees->calls);

  monitor = started(BARE);
  struct job *late = job_of(monitor);
  late->gate = 1;
  late->at_drop = free_it;
  start_job(late, "{\"name\": \"late\", " FAST "}");
  await(&late->entered);
  GOOD(meshvitals_unregister(monitor, late->id));
  sem_post(&late->go);
  dropped_once(late);

  monitor = monitor_with("{\"system_checks\": false, \"clock\": \"manual\"}");
  struct job *advances = job_of(monitor);
  advances->inside = advance_it;
  start_job(advances, "{\"name\": \"advances\", \"callback\": {}, \"initial_delay\": \"0ms\"}");
  for (uint64_t now = 0; advances->calls == 0; now += 1000000000)
    GOOD(meshvitals_monitor_advance(monitor, now, NULL));
  NEED(advances->said == MESHVITALS_ERROR_DEADLOCK, advances->said);
  advances->inside = stop_it;
  for (uint64_t now = 100000000000; advances->calls == 1; now += 1000000000)
    GOOD(meshvitals_monitor_advance(monitor, now, NULL));
  NEED(advances->said == MESHVITALS_ERROR_DEADLOCK, advances->said);
  meshvitals_monitor_free(monitor);
  dropped_once(advances);
}

/* No call starts after the removal; one that had started before is the only one that may end
   after it, and nothing comes after the drop. */
static void is_removed_while_it_starts(void) {
  meshvitals_monitor_t *monitor = started(BARE);
  for (int round = 0; round < ROUNDS; round++) {
    struct job *job = job_of(monitor);
    start_job(job, TEXT("{\"name\": \"round%d\", \"callback\": {}, \"interval\": \"10ms\","
                        "\"initial_delay\": \"%dms\"}", round, round % 4));
    (void)meshvitals_check_now(monitor, job->id);
    if (round % 2) await(&job->entered);
    else for (int spin = 0; spin < round * 50; spin++) atomic_thread_fence(memory_order_seq_cst);
    GOOD(meshvitals_unregister(monitor, job->id));
    int before = job->calls;
    dropped_once(job);
    NEED(job->calls <= before + 1, job->calls);
    NEED(job->calls_after_drop == 0, round);
  }
  meshvitals_monitor_free(monitor);
}

int main(void) {
  alarm(50);
  runs_and_is_dropped_once();
  says_no();
  hangs();
  stops_at_once_and_starts_again();
  recovers_after_a_restart();
  is_too_late();
  calls_from_inside();
  is_removed_while_it_waits();
  is_freed_from_inside();
  is_removed_while_it_starts();
  return 0;
}
