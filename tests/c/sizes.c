/* Programs and libraries of different ages: structs that are larger or smaller than the library's
   own. The layouts of the first release are written down here; they never move. */
#include "check.h"
#include <stddef.h>

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #field)

_Static_assert(sizeof(meshvitals_error_t) == 512, "frozen");
AT(meshvitals_error_t, code, 0);
AT(meshvitals_error_t, key, 8);
AT(meshvitals_error_t, message, 128);
_Static_assert(sizeof(meshvitals_cell_t) == 16, "frozen");
AT(meshvitals_cell_t, fresh_until_ns, 8);
_Static_assert(sizeof(meshvitals_run_t) == 64, "run");
AT(meshvitals_run_t, check, 8);
AT(meshvitals_run_t, deadline_ns, 24);
_Static_assert(sizeof(meshvitals_result_t) == 240, "result");
AT(meshvitals_result_t, outcome, 4);
AT(meshvitals_result_t, token, 16);
AT(meshvitals_result_t, value, 40);
AT(meshvitals_result_t, reserved, 48);
AT(meshvitals_result_t, message, 80);
_Static_assert(sizeof(meshvitals_event_t) == 272, "event");
AT(meshvitals_event_t, kind, 4);
AT(meshvitals_event_t, check, 8);
AT(meshvitals_event_t, token, 40);
AT(meshvitals_event_t, previous, 64);
AT(meshvitals_event_t, merged, 76);
AT(meshvitals_event_t, value, 80);
AT(meshvitals_event_t, outcome, 88);
AT(meshvitals_event_t, latency_ns, 96);
AT(meshvitals_event_t, is_group, 104);
AT(meshvitals_event_t, text, 112);
_Static_assert(sizeof(meshvitals_snapshot_t) == 456, "snapshot");
AT(meshvitals_snapshot_t, check, 8);
AT(meshvitals_snapshot_t, status, 24);
AT(meshvitals_snapshot_t, runs, 48);
AT(meshvitals_snapshot_t, threshold, 112);
AT(meshvitals_snapshot_t, name, 168);
AT(meshvitals_snapshot_t, message, 296);

/* Structs of a later release, which has fields that this library does not know. */
struct later_result {
  meshvitals_result_t known;
  uint64_t added[4];
};
struct later_event {
  meshvitals_event_t known;
  uint64_t added[2];
};
struct later_snapshot {
  meshvitals_snapshot_t known;
  uint64_t added[3];
};

static meshvitals_error_t err;
static meshvitals_monitor_t *m;
static meshvitals_check_id_t id;

static int is_filled(const void *bytes, size_t count, unsigned char with) {
  const unsigned char *byte = (const unsigned char *)bytes;
  while (count > 0 && *byte == with) byte++, count--;
  return count == 0;
}

static uint64_t runs(void) {
  meshvitals_snapshot_t s;
  s.struct_size = sizeof s;
  CHECK_EQ(meshvitals_snapshot(m, id, &s), MESHVITALS_OK);
  return s.runs;
}

static void results_of_every_age(void) {
  struct later_result r;
  size_t size;
  memset(&r, 0, sizeof r);
  r.known.outcome = MESHVITALS_OUTCOME_PASS;
  r.known.struct_size = sizeof r;
  CHECK_EQ(meshvitals_report(m, id, &r.known), MESHVITALS_OK);
  r.known.struct_size = sizeof r.known;
  r.added[0] = 1; /* Beyond what struct_size says: not looked at. */
  CHECK_EQ(meshvitals_report(m, id, &r.known), MESHVITALS_OK);
  CHECK_EQ(runs(), 2);
  for (size = 0; size < 4; size++) {
    memset(r.added, 0, sizeof r.added);
    r.added[size] = (uint64_t)1 << 63;
    r.known.struct_size = sizeof r;
    CHECK_EQ(meshvitals_report(m, id, &r.known), MESHVITALS_ERROR_STRUCT_SIZE);
  }
  memset(r.added, 0, sizeof r.added);
  for (size = 0; size < sizeof r.known; size++) {
    r.known.struct_size = (uint32_t)size;
    CHECK_EQ(meshvitals_report(m, id, &r.known), MESHVITALS_ERROR_STRUCT_SIZE);
  }
  r.known.struct_size = UINT32_MAX;
  CHECK_EQ(meshvitals_report(m, id, &r.known), MESHVITALS_ERROR_STRUCT_SIZE);
  r.known.struct_size = sizeof r.known;
  r.known.reserved[3] = 1;
  CHECK_EQ(meshvitals_report(m, id, &r.known), MESHVITALS_ERROR_STRUCT_SIZE);
  CHECK_EQ(runs(), 2);
}

static double value_after(const meshvitals_result_t *r) {
  meshvitals_snapshot_t s;
  CHECK_EQ(meshvitals_report(m, id, r), MESHVITALS_OK);
  s.struct_size = sizeof s;
  CHECK_EQ(meshvitals_snapshot(m, id, &s), MESHVITALS_OK);
  return s.value;
}

static void a_zeroed_value_is_the_number_0_and_none_is_said(void) {
  meshvitals_result_t zeroed, none = MESHVITALS_RESULT_INIT;
  double value;
  memset(&zeroed, 0, sizeof zeroed);
  zeroed.struct_size = sizeof zeroed;
  CHECK_EQ(none.struct_size, sizeof none);
  CHECK_EQ(meshvitals_report(m, id, &none), MESHVITALS_ERROR_RANGE); /* 0 is no outcome. */
  none.outcome = zeroed.outcome = MESHVITALS_OUTCOME_PASS;
  CHECK(value_after(&zeroed) == 0.0);
  value = value_after(&none);
  CHECK(value != value);
  none.value = zeroed.value;
  CHECK(memcmp(&none, &zeroed, sizeof none) == 0);
}

static void snapshots_of_every_age(void) {
  struct later_snapshot s;
  uint32_t size;
  memset(&s, 0x55, sizeof s);
  s.known.struct_size = sizeof s - 8;
  CHECK_EQ(meshvitals_snapshot(m, id, &s.known), MESHVITALS_OK);
  CHECK_EQ(s.known.struct_size, sizeof s - 8);
  CHECK(s.known.check == id && strcmp(s.known.name, "beat") == 0);
  CHECK(s.added[0] == 0 && s.added[1] == 0);
  CHECK(is_filled(&s.added[2], sizeof s.added[2], 0x55));
  for (size = 0; size < sizeof s.known; size++) {
    memset(&s, 0x55, sizeof s);
    s.known.struct_size = size;
    CHECK_EQ(meshvitals_snapshot(m, id, &s.known), MESHVITALS_ERROR_STRUCT_SIZE);
    CHECK_EQ(s.known.struct_size, size);
    CHECK(is_filled(&s.known.reason, sizeof s - 4, 0x55));
  }
  s.known.struct_size = 1u << 20;
  CHECK_EQ(meshvitals_snapshot(m, id, &s.known), MESHVITALS_ERROR_STRUCT_SIZE);
}

static void events_of_every_age(meshvitals_subscription_t *events) {
  struct later_event e[3];
  size_t size;
  memset(e, 0x55, sizeof e);
  for (size = 0; size < sizeof e[0].known; size++) {
    CHECK_EQ(meshvitals_poll(events, &e[0].known, size, 3, 0), MESHVITALS_ERROR_STRUCT_SIZE);
  }
  CHECK_EQ(meshvitals_poll(events, &e[0].known, (size_t)1 << 40, 3, 0),
           MESHVITALS_ERROR_STRUCT_SIZE);
  CHECK(is_filled(e, sizeof e, 0x55));
  /* Two results wait; the third element stays as it is. */
  CHECK_EQ(meshvitals_poll(events, &e[0].known, sizeof e[0], 3, 0), 2);
  for (size = 0; size < 2; size++) {
    CHECK_EQ(e[size].known.struct_size, sizeof e[size]);
    CHECK_EQ(e[size].known.kind, MESHVITALS_EVENT_RESULT);
    CHECK_EQ(e[size].known.check, id);
    CHECK(e[size].added[0] == 0 && e[size].added[1] == 0);
  }
  CHECK(is_filled(&e[2], sizeof e[2], 0x55));
  CHECK_EQ(meshvitals_poll(events, NULL, sizeof e[0], 0, 0), 0);
}

static void a_single_probe_of_every_age(void) {
  const char *document = "{\"name\": \"root\", \"disk\": {\"path\": \"/\"}}";
  struct later_result r;
  memset(&r, 0x55, sizeof r);
  r.known.struct_size = sizeof r - 8;
  CHECK_OK(meshvitals_probe_once(NULL, document, &r.known, &err), &err);
  CHECK_EQ(r.known.struct_size, sizeof r - 8);
  CHECK(r.known.outcome >= MESHVITALS_OUTCOME_PASS && r.known.outcome <= MESHVITALS_OUTCOME_LOCAL);
  CHECK(r.known.token == 0 && r.known.finished_ns > 0 && r.known.latency_ns > 0);
  CHECK(r.added[0] == 0 && r.added[2] == 0 && is_filled(&r.added[3], 8, 0x55));
  r.known.struct_size = sizeof r.known - 1;
  CHECK_EQ(meshvitals_probe_once(NULL, document, &r.known, &err), MESHVITALS_ERROR_STRUCT_SIZE);
  CHECK_EQ(err.code, MESHVITALS_ERROR_STRUCT_SIZE);
}

int main(void) {
  meshvitals_subscription_t *events = NULL;
  CHECK_OK(meshvitals_monitor_new("{\"clock\": \"manual\"}", &m, &err), &err);
  CHECK_OK(meshvitals_register(m, "{\"name\": \"beat\", \"heartbeat\": {\"ttl\": \"1h\"}}", &id,
                               &err),
           &err);
  CHECK_OK(meshvitals_subscribe(m, MESHVITALS_KIND_RESULT, 64, &events, &err), &err);
  results_of_every_age();
  snapshots_of_every_age();
  events_of_every_age(events);
  a_zeroed_value_is_the_number_0_and_none_is_said();
  a_single_probe_of_every_age();
  meshvitals_subscription_free(events);
  meshvitals_monitor_free(m);
  return 0;
}
