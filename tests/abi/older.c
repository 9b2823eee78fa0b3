/* A program as it was written when the header was first committed: it is compiled against that one
   (tests/abi/first) and runs with the library of today. It goes through every struct that crosses
   the boundary, and through the inline readers that it brings itself. */
#include "check.h"

#ifdef MESHVITALS_RESULT_INIT
#error "this is not the first header"
#endif

static const uint64_t SECOND = 1000000000;
static meshvitals_error_t err;
static int drops;

static int32_t measure(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  CHECK(run->struct_size >= sizeof *run && run->cookie == 8);
  CHECK_EQ(out->struct_size, sizeof *out);
  out->value = 4.5;
  strcpy(out->message, "measured");
  *(meshvitals_check_id_t *)user = run->check;
  return 0;
}

static void drop(void *user) {
  (void)user;
  drops++;
}

static meshvitals_snapshot_t snapshot(const meshvitals_monitor_t *m, meshvitals_check_id_t id) {
  meshvitals_snapshot_t seen;
  memset(&seen, 0xff, sizeof seen);
  seen.struct_size = sizeof seen;
  CHECK_EQ(meshvitals_snapshot(m, id, &seen), MESHVITALS_OK);
  CHECK_EQ(seen.struct_size, sizeof seen);
  return seen;
}

int main(void) {
  meshvitals_monitor_t *m = NULL;
  meshvitals_subscription_t *events = NULL;
  meshvitals_check_id_t replica, queue, ran = 0, ids[2], group;
  meshvitals_result_t result;
  meshvitals_event_t event, batch[4];
  meshvitals_snapshot_t seen;
  const meshvitals_cell_t *cell;
  char report[64];
  uint64_t next = 0;
  int32_t count, at, told = 0;

  CHECK(meshvitals_version() >= MESHVITALS_VERSION);
  CHECK_EQ(meshvitals_monitor_new("[]", &m, &err), MESHVITALS_ERROR_DOCUMENT);
  CHECK(err.code == MESHVITALS_ERROR_DOCUMENT && err.message[0] != 0 && m == NULL);
  CHECK_OK(meshvitals_monitor_new("{\"clock\": \"manual\"}", &m, &err), &err);
  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_STATUS | MESHVITALS_KIND_DUE, 8, &events, &err),
           &err);
  CHECK_OK(meshvitals_register(m, "{\"name\": \"replica\", \"external\": {}, \"initial_delay\": 0, "
                                  "\"cookie\": 7, \"tags\": [\"own\"]}", &replica, &err), &err);
  CHECK_OK(meshvitals_register_callback(m, "{\"name\": \"queue\", \"callback\": {}, \"cookie\": 8, "
                                           "\"initial_delay\": 0}",
                                        measure, &ran, drop, &queue, &err), &err);
  CHECK_EQ(meshvitals_list(m, ids, 2), 2);
  cell = meshvitals_cell(m, replica);
  CHECK_EQ(meshvitals_cell_status(cell, replica), MESHVITALS_STATUS_UNKNOWN);

  CHECK_EQ(meshvitals_monitor_advance(m, SECOND, &next), MESHVITALS_OK);
  CHECK(next > SECOND && ran == queue);
  do event = next_event(events);
  while (event.kind != MESHVITALS_EVENT_CHECK_DUE);
  CHECK(event.check == replica && event.cookie == 7 && event.token != 0);
  CHECK(event.at_ns == SECOND && event.deadline_ns == 6 * SECOND);
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.outcome = MESHVITALS_OUTCOME_PASS;
  result.token = event.token;
  result.value = 0.5;
  result.latency_ns = 5;
  strcpy(result.message, "fine");
  CHECK_EQ(meshvitals_report(m, replica, &result), MESHVITALS_OK);
  CHECK_EQ(meshvitals_report(m, replica, &result), MESHVITALS_ERROR_STALE);

  count = meshvitals_poll(events, batch, sizeof batch[0], 4, 0);
  CHECK(count > 0);
  for (at = 0; at < count; at++) {
    if (batch[at].check != replica) continue;
    CHECK_EQ(batch[at].struct_size, sizeof batch[0]);
    CHECK(batch[at].previous == MESHVITALS_STATUS_UNKNOWN);
    CHECK(batch[at].status == MESHVITALS_STATUS_HEALTHY && batch[at].sequence == 1);
    CHECK(strcmp(batch[at].text, "fine") == 0 && batch[at].value >= 0.5);
    told++;
  }
  CHECK_EQ(told, 1);
  CHECK_EQ(meshvitals_cell_status(cell, replica), MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(meshvitals_cell_status_at(cell, replica, 3600 * SECOND), MESHVITALS_STATUS_UNKNOWN);
  seen = snapshot(m, replica);
  CHECK(seen.check == replica && seen.cookie == 7 && seen.runs == 1 && seen.passes == 1);
  CHECK(seen.last_ns == SECOND && seen.latency_ns == 5 && seen.value >= 0.5);
  CHECK(strcmp(seen.name, "replica") == 0 && strcmp(seen.message, "fine") == 0);
  CHECK(isnan(seen.threshold) && seen.reserved[5] == 0);
  seen = snapshot(m, queue);
  CHECK(seen.value >= 4.5 && strcmp(seen.message, "measured") == 0);

  CHECK_EQ(meshvitals_group_find(m, "own", &group), MESHVITALS_OK);
  CHECK_EQ(meshvitals_answer(m, group), 1);
  CHECK_EQ(meshvitals_override(m, replica, MESHVITALS_STATUS_UNHEALTHY, 1000), MESHVITALS_OK);
  CHECK_EQ(meshvitals_status(m, group), MESHVITALS_STATUS_UNHEALTHY);
  CHECK_EQ(snapshot(m, replica).mask, MESHVITALS_MASK_OVERRIDE);
  CHECK(meshvitals_render(m, "json", report, sizeof report) > (int64_t)sizeof report);
  CHECK_EQ(report[sizeof report - 1], 0);
  CHECK_EQ(meshvitals_unregister_many(m, ids, 2), MESHVITALS_OK);
  CHECK_EQ(drops, 1);
  CHECK_EQ(meshvitals_cell_status(cell, replica), MESHVITALS_STATUS_UNKNOWN);
  meshvitals_monitor_free(m);
  meshvitals_subscription_free(events);
  return 0;
}
