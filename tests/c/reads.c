/* Everything that reads: statuses, cells and their inline readers, groups and their answers; and
   what lies over a measured status: override and pause. In manual mode, so that it is exact. */
#include "check.h"

static const uint64_t MS = 1000000;
static meshvitals_error_t err;
static meshvitals_monitor_t *m;

static void beat(meshvitals_check_id_t id, meshvitals_outcome_t outcome) {
  meshvitals_result_t r;
  memset(&r, 0, sizeof r);
  r.struct_size = sizeof r;
  r.outcome = outcome;
  CHECK_EQ(meshvitals_report(m, id, &r), MESHVITALS_OK);
}

static meshvitals_snapshot_t snapshot(meshvitals_check_id_t id) {
  meshvitals_snapshot_t s;
  s.struct_size = sizeof s;
  CHECK_EQ(meshvitals_snapshot(m, id, &s), MESHVITALS_OK);
  return s;
}

static meshvitals_check_id_t heartbeat(const char *name, const char *tags) {
  char document[256];
  meshvitals_check_id_t id = 0;
  snprintf(document, sizeof document,
           "{\"name\": \"%s\", \"heartbeat\": {\"ttl\": \"1s\"}, \"tags\": [%s], "
           "\"policy\": \"thresholds\", \"success_threshold\": 1}",
           name, tags);
  CHECK_OK(meshvitals_register(m, document, &id, &err), &err);
  return id;
}

static meshvitals_check_id_t group(const char *name) {
  meshvitals_check_id_t id = 0;
  CHECK_EQ(meshvitals_group_find(m, name, &id), MESHVITALS_OK);
  CHECK(id != 0);
  return id;
}

#define EXPECT(id, expected)                                                   \
  do {                                                                         \
    CHECK_EQ(meshvitals_status(m, id), expected);                              \
    CHECK_EQ(meshvitals_cell_status(meshvitals_cell(m, id), id), expected);    \
    CHECK_EQ(snapshot(id).status, expected);                                   \
  } while (0)

int main(void) {
  meshvitals_check_id_t a, b, ready, live, startup, blue, all, other = 0;
  const meshvitals_cell_t *cell;
  meshvitals_snapshot_t s;
  meshvitals_subscription_t *events;
  int count;
  CHECK_OK(meshvitals_monitor_new("{\"clock\": \"manual\"}", &m, &err), &err);
  CHECK_EQ(meshvitals_monitor_advance(m, 1000 * MS, NULL), MESHVITALS_OK);
  a = heartbeat("a", "\"readiness\", \"liveness\", \"startup\", \"blue\"");
  b = heartbeat("b", "");
  ready = group("readiness");
  live = group("liveness");
  startup = group("startup");
  blue = group("blue");
  all = group("overall");
  CHECK_EQ(meshvitals_group_find(m, "green", &other), MESHVITALS_ERROR_NOT_FOUND);
  CHECK_EQ(other, 0);

  /* Before the first result nothing is known; only liveness is given the benefit of the doubt. */
  EXPECT(a, MESHVITALS_STATUS_UNKNOWN);
  EXPECT(ready, MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_answer(m, ready), 0);
  CHECK_EQ(meshvitals_answer(m, startup), 0);
  CHECK_EQ(meshvitals_answer(m, live), 1);
  CHECK_EQ(meshvitals_answer(m, a), 0);
  CHECK_EQ(meshvitals_overall(m), MESHVITALS_STATUS_UNKNOWN);

  beat(a, MESHVITALS_OUTCOME_PASS);
  EXPECT(a, MESHVITALS_STATUS_HEALTHY);
  EXPECT(ready, MESHVITALS_STATUS_HEALTHY);
  EXPECT(blue, MESHVITALS_STATUS_HEALTHY);
  EXPECT(all, MESHVITALS_STATUS_UNKNOWN);
  CHECK(meshvitals_answer(m, ready) == 1 && meshvitals_answer(m, startup) == 1);
  CHECK(meshvitals_answer(m, blue) == 1 && meshvitals_answer(m, a) == 1);
  CHECK_EQ(snapshot(blue).runs, 1);
  CHECK_EQ(snapshot(all).runs, 2);
  beat(b, MESHVITALS_OUTCOME_PASS);
  CHECK_EQ(meshvitals_overall(m), MESHVITALS_STATUS_HEALTHY);

  /* The inline readers: a cell, an id, and for the careful one the time. */
  cell = meshvitals_cell(m, a);
  CHECK(cell != NULL && cell == meshvitals_cell(m, a) && cell != meshvitals_cell(m, b));
  CHECK_EQ(cell->word, (a >> 32) << 32 | MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(cell->fresh_until_ns, 3000 * MS);
  CHECK_EQ(meshvitals_cell_status_at(cell, a, 3000 * MS - 1), MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(meshvitals_cell_status_at(cell, a, 3000 * MS), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_cell_status(NULL, a), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_cell_status_at(NULL, a, 0), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_cell_status(cell, a + ((uint64_t)1 << 32)), MESHVITALS_STATUS_UNKNOWN);

  /* A failure shows in each group of the check. */
  beat(a, MESHVITALS_OUTCOME_FAIL);
  EXPECT(a, MESHVITALS_STATUS_UNHEALTHY);
  EXPECT(ready, MESHVITALS_STATUS_UNHEALTHY);
  CHECK_EQ(meshvitals_overall(m), MESHVITALS_STATUS_UNHEALTHY);
  CHECK(meshvitals_answer(m, ready) == 0 && meshvitals_answer(m, live) == 0);
  CHECK_EQ(meshvitals_answer(m, startup), 1); /* Started once is started. */

  /* An override is published, and below it the measured status goes on. */
  CHECK_EQ(meshvitals_override(m, a, MESHVITALS_STATUS_DEGRADED, 500), MESHVITALS_OK);
  EXPECT(a, MESHVITALS_STATUS_DEGRADED);
  EXPECT(ready, MESHVITALS_STATUS_DEGRADED);
  CHECK_EQ(meshvitals_answer(m, ready), 1);
  s = snapshot(a);
  CHECK(s.measured == MESHVITALS_STATUS_UNHEALTHY && s.mask == MESHVITALS_MASK_OVERRIDE);
  CHECK_EQ(s.reason, MESHVITALS_REASON_OVERRIDDEN);
  CHECK_EQ(meshvitals_monitor_advance(m, 1500 * MS, NULL), MESHVITALS_OK);
  EXPECT(a, MESHVITALS_STATUS_UNHEALTHY);
  CHECK_EQ(snapshot(a).mask, 0);
  CHECK_EQ(meshvitals_override(m, a, MESHVITALS_STATUS_HEALTHY, UINT64_MAX), MESHVITALS_OK);
  EXPECT(a, MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(meshvitals_override(m, a, MESHVITALS_STATUS_UNKNOWN, 0), MESHVITALS_OK);
  EXPECT(a, MESHVITALS_STATUS_UNHEALTHY);

  /* A paused check reads UNKNOWN and is left out of its groups. */
  CHECK_EQ(meshvitals_pause(m, a, 1), MESHVITALS_OK);
  EXPECT(a, MESHVITALS_STATUS_UNKNOWN);
  EXPECT(ready, MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(meshvitals_overall(m), MESHVITALS_STATUS_HEALTHY);
  s = snapshot(a);
  CHECK(s.mask == MESHVITALS_MASK_PAUSED && s.reason == MESHVITALS_REASON_PAUSED);
  CHECK(s.measured == MESHVITALS_STATUS_UNHEALTHY && s.next_ns == UINT64_MAX);
  CHECK_EQ(meshvitals_pause(m, a, 1), MESHVITALS_OK);
  CHECK_EQ(meshvitals_pause(m, a, 0), MESHVITALS_OK);
  EXPECT(a, MESHVITALS_STATUS_UNHEALTHY);
  EXPECT(ready, MESHVITALS_STATUS_UNHEALTHY);

  /* The cell outlives its check, which is never confused with a later one. */
  CHECK_EQ(meshvitals_unregister(m, a), MESHVITALS_OK);
  CHECK_EQ(meshvitals_cell_status(cell, a), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_status(m, a), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_answer(m, a), MESHVITALS_ERROR_STALE);
  CHECK_EQ(meshvitals_answer(m, ready), 1);
  other = heartbeat("a", "");
  CHECK(other != a);
  beat(other, MESHVITALS_OUTCOME_PASS);
  CHECK_EQ(meshvitals_cell_status(cell, a), MESHVITALS_STATUS_UNKNOWN);
  CHECK_EQ(meshvitals_cell_status(meshvitals_cell(m, other), other), MESHVITALS_STATUS_HEALTHY);
  CHECK_EQ(meshvitals_status(m, a), MESHVITALS_STATUS_UNKNOWN);

  /* A check may have the name of a group: the event says which of them it is about. */
  a = heartbeat("overall", "");
  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_STATUS, 16, &events, &err), &err);
  for (count = 0; count < 7; count++) {
    const meshvitals_event_t event = next_event(events);
    const int is_check = event.check == a || event.check == b || event.check == other;
    CHECK_EQ(event.is_group, !is_check);
    CHECK(is_check || event.check == all || event.check == ready || event.check == live ||
          event.check == startup);
  }
  meshvitals_subscription_free(events);

  cell = meshvitals_cell(m, other);
  meshvitals_monitor_free(m);
  CHECK_EQ(meshvitals_cell_status(cell, other), MESHVITALS_STATUS_UNKNOWN);
  return 0;
}
