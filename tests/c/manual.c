/* Manual mode: the program moves the clock, so every status, event and instant is exact. External
   checks with reports, cancels and stale tokens; a heartbeat that falls silent; callbacks that run
   inside advance. Each part has a monitor of its own. */
#include "check.h"
#include <pthread.h>

static const uint64_t MS = 1000000;
static meshvitals_error_t err;

static meshvitals_monitor_t *manual_monitor(void) {
  meshvitals_monitor_t *m = NULL;
  CHECK_OK(meshvitals_monitor_new("{\"clock\": \"manual\", \"system_checks\": false}", &m, &err),
           &err);
  return m;
}

static uint64_t advance(meshvitals_monitor_t *m, uint64_t now_ns) {
  uint64_t next_ns = 1;
  CHECK_EQ(meshvitals_monitor_advance(m, now_ns, &next_ns), MESHVITALS_OK);
  CHECK_EQ(meshvitals_now_ns(m), now_ns);
  CHECK(next_ns >= now_ns);
  return next_ns;
}

/* Takes the next event about a check itself, which has the cookie 99; groups are for reads.c. */
static int32_t take(meshvitals_subscription_t *events, meshvitals_event_t *event) {
  for (;;) {
    /* It would wait for ever if manual mode waited. */
    const int32_t taken = meshvitals_poll(events, event, sizeof *event, 1, -1);
    if (taken != 1 || event->cookie == 99 || event->kind != MESHVITALS_EVENT_STATUS) return taken;
  }
}

static void expect_quiet(meshvitals_subscription_t *events) {
  meshvitals_event_t event;
  CHECK_EQ(take(events, &event), 0);
}

static meshvitals_event_t expect(meshvitals_subscription_t *events, int32_t kind,
                                 meshvitals_check_id_t check, uint64_t at_ns) {
  meshvitals_event_t event;
  CHECK_EQ(take(events, &event), 1);
  CHECK_EQ(event.struct_size, sizeof event);
  CHECK_EQ(event.kind, kind);
  CHECK_EQ(event.check, check);
  CHECK_EQ(event.at_ns, at_ns);
  CHECK_EQ(event.cookie, 99);
  CHECK_EQ(event.merged, 0);
  CHECK_EQ(event.reserved[0], 0);
  return event;
}

static void expect_change(meshvitals_subscription_t *events, meshvitals_check_id_t check,
                          uint64_t at_ns, meshvitals_status_t from, meshvitals_status_t to,
                          int32_t reason, uint64_t sequence) {
  const meshvitals_event_t event = expect(events, MESHVITALS_EVENT_STATUS, check, at_ns);
  CHECK_EQ(event.previous, from);
  CHECK_EQ(event.status, to);
  CHECK_EQ(event.reason, reason);
  CHECK_EQ(event.sequence, sequence);
  CHECK(event.token == 0 && event.deadline_ns == 0 && event.outcome == 0);
}

static meshvitals_event_t expect_result(meshvitals_subscription_t *events,
                                        meshvitals_check_id_t check, uint64_t at_ns,
                                        meshvitals_outcome_t outcome, int32_t reason) {
  const meshvitals_event_t event = expect(events, MESHVITALS_EVENT_RESULT, check, at_ns);
  CHECK_EQ(event.outcome, outcome);
  CHECK_EQ(event.reason, reason);
  return event;
}

static uint64_t expect_due(meshvitals_subscription_t *events, meshvitals_check_id_t check,
                           uint64_t at_ns, uint64_t deadline_ns) {
  const meshvitals_event_t event = expect(events, MESHVITALS_EVENT_CHECK_DUE, check, at_ns);
  CHECK_EQ(event.deadline_ns, deadline_ns);
  CHECK_EQ(event.linger_until_ns, deadline_ns);
  CHECK(event.token != 0);
  return event.token;
}

/* A failure inside of them names the line that asked. */
#define advance(m, now_ns) (CHECK_FROM, advance(m, now_ns))
#define expect_quiet(events) (CHECK_FROM, expect_quiet(events))
#define expect(events, kind, check, at_ns) (CHECK_FROM, expect(events, kind, check, at_ns))
#define expect_change(...) (CHECK_FROM, expect_change(__VA_ARGS__))
#define expect_result(...) (CHECK_FROM, expect_result(__VA_ARGS__))
#define expect_due(...) (CHECK_FROM, expect_due(__VA_ARGS__))

static meshvitals_result_t result(meshvitals_outcome_t outcome, uint64_t token) {
  meshvitals_result_t r;
  memset(&r, 0, sizeof r);
  r.struct_size = sizeof r;
  r.outcome = outcome;
  r.token = token;
  r.value = NAN;
  return r;
}

static meshvitals_code_t report(meshvitals_monitor_t *m, meshvitals_check_id_t id,
                                meshvitals_outcome_t outcome, uint64_t token) {
  const meshvitals_result_t r = result(outcome, token);
  return meshvitals_report(m, id, &r);
}

static meshvitals_snapshot_t snapshot(meshvitals_monitor_t *m, meshvitals_check_id_t id) {
  meshvitals_snapshot_t s;
  s.struct_size = sizeof s;
  CHECK_EQ(meshvitals_snapshot(m, id, &s), MESHVITALS_OK);
  return s;
}

static void only_what_fits_the_mode(void) {
  meshvitals_monitor_t *m = manual_monitor();
  uint64_t next_ns = 77;
  CHECK_EQ(meshvitals_now_ns(m), 0);
  CHECK_EQ(meshvitals_monitor_start(m, &err), MESHVITALS_ERROR_MODE);
  CHECK_EQ(err.code, MESHVITALS_ERROR_MODE);
  CHECK_EQ(meshvitals_register(
               m, "{\"name\": \"a\", \"tcp\": {\"address\": \"127.0.0.1:1\"}}", NULL, &err),
           MESHVITALS_ERROR_MODE);
  CHECK_EQ(advance(m, 1000 * MS), UINT64_MAX);
  CHECK_EQ(meshvitals_monitor_advance(m, 1000 * MS - 1, &next_ns), MESHVITALS_ERROR_RANGE);
  CHECK_EQ(next_ns, 77);
  CHECK_EQ(meshvitals_now_ns(m), 1000 * MS);
  CHECK_EQ(meshvitals_monitor_advance(m, 1000 * MS, NULL), MESHVITALS_OK);
  meshvitals_monitor_free(m);
}

static void an_external_check_is_asked_and_answered(void) {
  meshvitals_monitor_t *m = manual_monitor();
  meshvitals_subscription_t *events = NULL;
  meshvitals_check_id_t id = 0;
  meshvitals_event_t event;
  meshvitals_snapshot_t s;
  meshvitals_result_t r;
  uint64_t token, old;
  CHECK_OK(meshvitals_subscribe(m, 15, 64, &events, &err), &err);
  CHECK_OK(meshvitals_register(
               m,
               "{\"name\": \"ext\", \"external\": {}, \"policy\": \"thresholds\", \"interval\": "
               "\"1s\", \"timeout\": \"200ms\", \"confirm_interval\": \"100ms\", "
               "\"initial_delay\": 0, \"jitter\": 0, \"failure_threshold\": 2, "
               "\"success_threshold\": 2, \"cookie\": 99}",
               &id, &err),
           &err);
  event = expect(events, MESHVITALS_EVENT_REGISTERED, id, 0);
  CHECK(strcmp(event.text, "ext") == 0);
  expect_quiet(events);

  /* The first result decides. Not fetched, a request would end after its timeout. */
  CHECK_EQ(advance(m, 1000 * MS), 1200 * MS);
  token = expect_due(events, id, 1000 * MS, 1200 * MS);
  CHECK_EQ(snapshot(m, id).in_flight, 1);
  r = result(MESHVITALS_OUTCOME_PASS, token);
  r.latency_ns = 5 * MS;
  r.value = 0.5;
  r.detail = 12;
  r.reason = MESHVITALS_REASON_FIRST_OF_HOST + 3;
  strcpy(r.message, "fine");
  r.finished_ns = 1001 * MS;
  CHECK_EQ(meshvitals_report(m, id, &r), MESHVITALS_ERROR_RANGE);
  r.finished_ns = 999 * MS;
  CHECK_EQ(meshvitals_report(m, id, &r), MESHVITALS_OK);
  expect_change(events, id, 1000 * MS, MESHVITALS_STATUS_UNKNOWN, MESHVITALS_STATUS_HEALTHY,
                MESHVITALS_REASON_FIRST_OF_HOST + 3, 1);
  event = expect_result(events, id, 999 * MS, MESHVITALS_OUTCOME_PASS,
                        MESHVITALS_REASON_FIRST_OF_HOST + 3);
  CHECK(event.status == MESHVITALS_STATUS_HEALTHY && event.detail == 12);
  CHECK(event.latency_ns == 5 * MS && event.value >= 0.5 && event.value <= 0.5);
  CHECK(strcmp(event.text, "fine") == 0);
  s = snapshot(m, id);
  CHECK(s.status == MESHVITALS_STATUS_HEALTHY && s.measured == s.status && s.in_flight == 0);
  CHECK(s.runs == 1 && s.passes == 1 && s.failures == 0 && s.mask == 0 && s.cookie == 99);
  CHECK(s.since_ns == 1000 * MS && s.last_ns == 999 * MS && s.next_ns == 2000 * MS);
  CHECK(s.fresh_until_ns == 999 * MS + 2200 * MS && s.latency_ns == 5 * MS);
  CHECK(strcmp(s.name, "ext") == 0 && strcmp(s.message, "fine") == 0);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_FAIL, token), MESHVITALS_ERROR_STALE);
  expect_quiet(events);

  /* Silence: cancelled at the deadline, a timeout once that was seen, then a confirm run. */
  CHECK_EQ(advance(m, 1500 * MS), 2000 * MS);
  expect_quiet(events);
  advance(m, 2000 * MS);
  old = token;
  token = expect_due(events, id, 2000 * MS, 2200 * MS);
  CHECK(token != old);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, old), MESHVITALS_ERROR_STALE);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, token + 1), MESHVITALS_ERROR_STALE);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, 0), MESHVITALS_ERROR_MODE);
  CHECK_EQ(advance(m, 2100 * MS), 2200 * MS);
  expect_quiet(events);
  advance(m, 2200 * MS);
  event = expect(events, MESHVITALS_EVENT_CHECK_CANCEL, id, 2200 * MS);
  CHECK_EQ(event.token, token);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, token), MESHVITALS_ERROR_STALE);
  event = expect_result(events, id, 2200 * MS, MESHVITALS_OUTCOME_TIMEOUT,
                        MESHVITALS_REASON_TIMEOUT);
  CHECK_EQ(event.status, MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(snapshot(m, id).failures, 1);
  CHECK_EQ(snapshot(m, id).next_ns, 2200 * MS);
  advance(m, 2200 * MS);
  token = expect_due(events, id, 2200 * MS, 2400 * MS);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_FAIL, token), MESHVITALS_OK);
  expect_change(events, id, 2200 * MS, MESHVITALS_STATUS_HEALTHY, MESHVITALS_STATUS_UNHEALTHY,
                MESHVITALS_REASON_REPORTED, 2);
  expect_result(events, id, 2200 * MS, MESHVITALS_OUTCOME_FAIL, MESHVITALS_REASON_REPORTED);

  /* Two passes end it, the second after the confirm interval. */
  CHECK_EQ(advance(m, 2300 * MS), 3000 * MS);
  advance(m, 3000 * MS);
  token = expect_due(events, id, 3000 * MS, 3200 * MS);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, token), MESHVITALS_OK);
  expect_result(events, id, 3000 * MS, MESHVITALS_OUTCOME_PASS, MESHVITALS_REASON_NONE);
  CHECK_EQ(advance(m, 3000 * MS), 3100 * MS);
  advance(m, 3100 * MS);
  token = expect_due(events, id, 3100 * MS, 3300 * MS);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, token), MESHVITALS_OK);
  expect_change(events, id, 3100 * MS, MESHVITALS_STATUS_UNHEALTHY, MESHVITALS_STATUS_HEALTHY,
                MESHVITALS_REASON_NONE, 3);
  expect_result(events, id, 3100 * MS, MESHVITALS_OUTCOME_PASS, MESHVITALS_REASON_NONE);

  /* A program that does not look is no failure of the target, until the status is too old. */
  advance(m, 4000 * MS);
  advance(m, 4200 * MS);
  expect_result(events, id, 4200 * MS, MESHVITALS_OUTCOME_LOCAL,
                MESHVITALS_REASON_HOST_NOT_POLLING);
  expect_quiet(events);
  CHECK_EQ(meshvitals_status(m, id), MESHVITALS_STATUS_HEALTHY);
  advance(m, 5000 * MS);
  CHECK_EQ(advance(m, 5200 * MS), 5300 * MS);
  expect_result(events, id, 5200 * MS, MESHVITALS_OUTCOME_LOCAL,
                MESHVITALS_REASON_HOST_NOT_POLLING);
  advance(m, 5300 * MS);
  expect_change(events, id, 5300 * MS, MESHVITALS_STATUS_HEALTHY, MESHVITALS_STATUS_UNKNOWN,
                MESHVITALS_REASON_STALE, 4);
  CHECK_EQ(snapshot(m, id).mask, MESHVITALS_MASK_STALE);
  CHECK_EQ(snapshot(m, id).measured, MESHVITALS_STATUS_HEALTHY);

  /* A removed check takes its run with it. */
  advance(m, 6000 * MS);
  token = expect_due(events, id, 6000 * MS, 6200 * MS);
  CHECK_EQ(meshvitals_unregister(m, id), MESHVITALS_OK);
  event = expect(events, MESHVITALS_EVENT_CHECK_CANCEL, id, 6000 * MS);
  CHECK_EQ(event.token, token);
  event = expect(events, MESHVITALS_EVENT_REMOVED, id, 6000 * MS);
  CHECK(strcmp(event.text, "ext") == 0);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, token), MESHVITALS_ERROR_STALE);
  CHECK_EQ(advance(m, 7000 * MS), UINT64_MAX);
  expect_quiet(events);
  meshvitals_subscription_free(events);
  meshvitals_monitor_free(m);
}

static void a_heartbeat_falls_silent(void) {
  meshvitals_monitor_t *m = manual_monitor();
  meshvitals_subscription_t *events = NULL;
  meshvitals_check_id_t id = 0;
  CHECK_OK(meshvitals_register(m,
                               "{\"name\": \"beat\", \"heartbeat\": {\"ttl\": \"500ms\"}, "
                               "\"policy\": \"thresholds\", \"success_threshold\": 1, "
                               "\"cookie\": 99}",
                               &id, &err),
           &err);
  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_RESULT | MESHVITALS_KIND_STATUS, 64, &events,
                                &err),
           &err);
  expect_change(events, id, 0, MESHVITALS_STATUS_UNKNOWN, MESHVITALS_STATUS_UNKNOWN,
                MESHVITALS_REASON_INITIAL, 0);
  CHECK_EQ(advance(m, 100 * MS), 500 * MS);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, 5), MESHVITALS_ERROR_MODE);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, 0), MESHVITALS_OK);
  expect_change(events, id, 100 * MS, MESHVITALS_STATUS_UNKNOWN, MESHVITALS_STATUS_HEALTHY,
                MESHVITALS_REASON_NONE, 1);
  expect_result(events, id, 100 * MS, MESHVITALS_OUTCOME_PASS, MESHVITALS_REASON_NONE);
  advance(m, 500 * MS);
  CHECK_EQ(report(m, id, MESHVITALS_OUTCOME_PASS, 0), MESHVITALS_OK);
  expect_result(events, id, 500 * MS, MESHVITALS_OUTCOME_PASS, MESHVITALS_REASON_NONE);
  CHECK_EQ(advance(m, 999 * MS), 1000 * MS);
  expect_quiet(events);
  CHECK_EQ(advance(m, 1000 * MS), 1500 * MS);
  expect_change(events, id, 1000 * MS, MESHVITALS_STATUS_HEALTHY, MESHVITALS_STATUS_UNHEALTHY,
                MESHVITALS_REASON_HEARTBEAT_SILENT, 2);
  expect_result(events, id, 1000 * MS, MESHVITALS_OUTCOME_TIMEOUT,
                MESHVITALS_REASON_HEARTBEAT_SILENT);
  CHECK_EQ(meshvitals_check_now(m, id), MESHVITALS_ERROR_MODE);
  meshvitals_subscription_free(events);
  meshvitals_monitor_free(m);
}

/* What the callback is to do, and what it saw. */
struct script {
  meshvitals_monitor_t *m;
  meshvitals_run_t run;
  meshvitals_code_t nested;
  meshvitals_outcome_t outcome;
  int32_t answer, calls, drops;
  pthread_t thread;
};

static int32_t play(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  struct script *script = (struct script *)user;
  CHECK_EQ(out->struct_size, sizeof *out);
  CHECK_EQ(out->outcome, MESHVITALS_OUTCOME_PASS);
  CHECK(isnan(out->value) && out->message[0] == 0 && out->reserved[3] == 0);
  script->run = *run;
  script->calls++;
  script->thread = pthread_self();
  script->nested = meshvitals_monitor_advance(script->m, run->deadline_ns, NULL);
  out->outcome = script->outcome;
  out->value = 0.25;
  strcpy(out->message, "from the callback");
  return script->answer;
}

static void count_drop(void *user) { ((struct script *)user)->drops++; }

static void a_callback_runs_inside_advance(void) {
  const char *document =
      "{\"name\": \"call\", \"callback\": {}, \"policy\": \"thresholds\", \"interval\": \"1s\", "
      "\"timeout\": \"300ms\", \"initial_delay\": 0, \"jitter\": 0, \"failure_threshold\": 1, "
      "\"confirm_interval\": \"100ms\", \"cookie\": 99}";
  meshvitals_monitor_t *m = manual_monitor();
  meshvitals_subscription_t *events = NULL;
  meshvitals_check_id_t id = 0;
  meshvitals_event_t event;
  struct script script, refused;
  memset(&script, 0, sizeof script);
  memset(&refused, 0, sizeof refused);
  script.m = m;
  script.outcome = MESHVITALS_OUTCOME_PASS;
  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_RESULT, 64, &events, &err), &err);
  CHECK_OK(meshvitals_register_callback(m, document, play, &script, count_drop, &id, &err), &err);
  CHECK_EQ(meshvitals_register_callback(m, document, play, &refused, count_drop, NULL, &err),
           MESHVITALS_ERROR_EXISTS);
  CHECK_EQ(meshvitals_replace(m, document, NULL, &err), MESHVITALS_ERROR_MODE);
  CHECK_EQ(refused.drops, 0);

  CHECK_EQ(advance(m, 1000 * MS), 2000 * MS);
  CHECK_EQ(script.calls, 1);
  CHECK(pthread_equal(script.thread, pthread_self()));
  CHECK_EQ(script.nested, MESHVITALS_ERROR_DEADLOCK);
  CHECK(script.run.struct_size == sizeof script.run && script.run.check == id);
  CHECK(script.run.cookie == 99 && script.run.deadline_ns == 1300 * MS);
  CHECK_EQ(meshvitals_status(m, id), MESHVITALS_STATUS_HEALTHY);
  event = expect_result(events, id, 1000 * MS, MESHVITALS_OUTCOME_PASS, MESHVITALS_REASON_NONE);
  CHECK(event.value >= 0.25 && event.value <= 0.25);
  CHECK(strcmp(event.text, "from the callback") == 0);

  /* A number other than 0 is a failure, whatever the struct says. */
  script.answer = 7;
  advance(m, 2000 * MS);
  event = expect_result(events, id, 2000 * MS, MESHVITALS_OUTCOME_FAIL,
                        MESHVITALS_REASON_CALLBACK_FAILED);
  CHECK_EQ(event.detail, 7);
  CHECK(strcmp(event.text, "from the callback") == 0);
  CHECK_EQ(meshvitals_status(m, id), MESHVITALS_STATUS_UNHEALTHY);

  /* So is an outcome that is none. */
  script.answer = 0;
  script.outcome = 42;
  advance(m, 3000 * MS);
  event = expect_result(events, id, 3000 * MS, MESHVITALS_OUTCOME_FAIL,
                        MESHVITALS_REASON_CALLBACK_FAILED);
  CHECK_EQ(event.detail, MESHVITALS_ERROR_RANGE);
  CHECK(strstr(event.text, "42") != NULL);

  CHECK_EQ(meshvitals_unregister(m, id), MESHVITALS_OK);
  CHECK_EQ(script.drops, 1);
  CHECK_EQ(meshvitals_unregister(m, id), MESHVITALS_ERROR_STALE);
  CHECK_OK(meshvitals_register_callback(m, document, play, &refused, count_drop, &id, &err), &err);
  meshvitals_monitor_free(m);
  CHECK(script.drops == 1 && refused.drops == 1 && script.calls == 3 && refused.calls == 0);
  meshvitals_subscription_free(events);
}

static int32_t end_it(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  (void)run, (void)out;
  meshvitals_monitor_free(user);
  return 0;
}

static void a_callback_may_free_what_advances_it(void) {
  meshvitals_monitor_t *m = manual_monitor();
  meshvitals_check_id_t id;
  CHECK_EQ(meshvitals_register_callback(
               m, "{\"name\": \"end\", \"callback\": {}, \"initial_delay\": 0}", end_it, m,
               NULL, &id, NULL),
           MESHVITALS_OK);
  CHECK_EQ(meshvitals_monitor_advance(m, 1000 * MS, NULL), MESHVITALS_OK);
}

int main(void) {
  only_what_fits_the_mode();
  an_external_check_is_asked_and_answered();
  a_heartbeat_falls_silent();
  a_callback_runs_inside_advance();
  a_callback_may_free_what_advances_it();
}
