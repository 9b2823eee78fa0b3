/* What each word of a scenario does, and what it expects; see scenario.h. */
#ifndef SCENARIO_STEPS_H
#define SCENARIO_STEPS_H

#include "scenario.h"

static inline void scenario_token(struct scenario *s, char *out, const meshvitals_event_t *event) {
  const struct actor *actor = scenario_actor(s, NULL, event->check);
  const char *word = "other";
  if (event->token == 0) word = "none";
  else if (actor != NULL && event->token == actor->token) word = "due";
  else if (actor != NULL && event->token == actor->old_token) word = "old";
  strcpy(out, word);
}

static inline int scenario_event_field(struct scenario *s, const void *from, const char *key,
                                       char *out) {
  const meshvitals_event_t *event = (const meshvitals_event_t *)from;
  if (strcmp(key, "at") == 0) scenario_put_ns(out, event->at_ns);
  else if (strcmp(key, "deadline") == 0) scenario_put_ns(out, event->deadline_ns);
  else if (strcmp(key, "linger") == 0) scenario_put_ns(out, event->linger_until_ns);
  else if (strcmp(key, "latency") == 0) scenario_put_ns(out, event->latency_ns);
  else if (strcmp(key, "cookie") == 0) snprintf(out, SCENARIO_TEXT, "%" PRIu64, event->cookie);
  else if (strcmp(key, "sequence") == 0) scenario_put_number(out, (long long)event->sequence);
  else if (strcmp(key, "merged") == 0) scenario_put_number(out, event->merged);
  else if (strcmp(key, "detail") == 0) scenario_put_number(out, event->detail);
  else if (strcmp(key, "group") == 0) strcpy(out, event->is_group ? "yes" : "no");
  else if (strcmp(key, "from") == 0) scenario_put_name(out, "status", event->previous);
  else if (strcmp(key, "to") == 0) scenario_put_name(out, "status", event->status);
  else if (strcmp(key, "why") == 0) scenario_put_name(out, "reason", event->reason);
  else if (strcmp(key, "outcome") == 0) scenario_put_name(out, "outcome", event->outcome);
  else if (strcmp(key, "value") == 0) scenario_put_value(out, event->value);
  else if (strcmp(key, "token") == 0) scenario_token(s, out, event);
  else if (strcmp(key, "text") == 0) strcpy(out, event->text);
  else return 0;
  return 1;
}

static inline void scenario_mask(char *out, uint32_t mask) {
  uint32_t bit;
  *out = 0;
  for (bit = 1; bit <= mask; bit <<= 1) {
    if ((mask & bit) == 0) continue;
    if (*out != 0) strcat(out, "+");
    scenario_put_name(out + strlen(out), "mask", bit);
  }
  if (mask == 0) strcpy(out, "none");
}

/* An instant that may be none: 0 in the past, the largest number in the future. */
static inline void scenario_put_when(char *out, uint64_t ns) {
  if (ns == 0) strcpy(out, "none");
  else if (ns == UINT64_MAX) strcpy(out, "never");
  else scenario_put_ns(out, ns);
}

static inline int scenario_snapshot_field(struct scenario *s, const void *from, const char *key,
                                          char *out) {
  const meshvitals_snapshot_t *seen = (const meshvitals_snapshot_t *)from;
  (void)s;
  if (strcmp(key, "status") == 0) scenario_put_name(out, "status", seen->status);
  else if (strcmp(key, "measured") == 0) scenario_put_name(out, "status", seen->measured);
  else if (strcmp(key, "why") == 0) scenario_put_name(out, "reason", seen->reason);
  else if (strcmp(key, "mask") == 0) scenario_mask(out, seen->mask);
  else if (strcmp(key, "failures") == 0) scenario_put_number(out, seen->failures);
  else if (strcmp(key, "passes") == 0) scenario_put_number(out, seen->passes);
  else if (strcmp(key, "in_flight") == 0) scenario_put_number(out, seen->in_flight);
  else if (strcmp(key, "runs") == 0) scenario_put_number(out, (long long)seen->runs);
  else if (strcmp(key, "cookie") == 0) snprintf(out, SCENARIO_TEXT, "%" PRIu64, seen->cookie);
  else if (strcmp(key, "since") == 0) scenario_put_ns(out, seen->since_ns);
  else if (strcmp(key, "latency") == 0) scenario_put_ns(out, seen->latency_ns);
  else if (strcmp(key, "last") == 0) scenario_put_when(out, seen->last_ns);
  else if (strcmp(key, "next") == 0) scenario_put_when(out, seen->next_ns);
  else if (strcmp(key, "fresh_until") == 0) scenario_put_when(out, seen->fresh_until_ns);
  else if (strcmp(key, "value") == 0) scenario_put_value(out, seen->value);
  else if (strcmp(key, "text") == 0) strcpy(out, seen->message);
  else return 0;
  return 1;
}

/* Compares each `key=value` that is left of a step with what there is. */
static inline void scenario_expect(struct scenario *s, char *at, const void *from,
                                   int (*field)(struct scenario *, const void *, const char *,
                                                char *)) {
  char seen[SCENARIO_TEXT];
  while (*at != 0) {
    const char *key, *wanted = scenario_pair(s, &at, &key);
    SCENARIO_CHECK(s, field(s, from, key, seen), "there is no field `%s`", key);
    SCENARIO_CHECK(s, strcmp(seen, wanted) == 0, "%s is `%s`", key, seen);
  }
}

/* Moves on from turn to turn until a check is asked to run; what else is said is dropped. */
static inline meshvitals_event_t scenario_due(struct scenario *s, struct listener *from,
                                              const struct actor *actor) {
  meshvitals_event_t event;
  uint64_t next;
  int turn;
  for (turn = 0; turn < SCENARIO_TURNS; turn++) {
    const uint64_t now = meshvitals_now_ns(s->monitor);
    CHECK_EQ(meshvitals_monitor_advance(s->monitor, now, &next), MESHVITALS_OK);
    while (scenario_take(s, from, &event) == 1)
      if (event.kind == MESHVITALS_EVENT_CHECK_DUE && event.check == actor->id) return event;
    SCENARIO_CHECK(s, next != UINT64_MAX, "nothing is planned");
    CHECK_EQ(meshvitals_monitor_advance(s->monitor, next, NULL), MESHVITALS_OK);
  }
  SCENARIO_CHECK(s, 0, "it is never asked to run");
  return event;
}

static inline meshvitals_code_t scenario_report(struct scenario *s, int is_beat, char *at) {
  meshvitals_result_t result = MESHVITALS_RESULT_INIT;
  const struct actor *actor = scenario_actor(s, scenario_word(&at), 0);
  SCENARIO_CHECK(s, actor != NULL, "nobody is called so");
  result.token = is_beat ? 0 : actor->token;
  result.outcome =
      (meshvitals_outcome_t)scenario_constant(s, "outcome", scenario_word(&at));
  while (*at != 0) {
    const char *key, *value = scenario_pair(s, &at, &key);
    if (strcmp(key, "value") == 0) result.value = strtod(value, NULL);
    else if (strcmp(key, "detail") == 0) result.detail = (int32_t)strtol(value, NULL, 10);
    else if (strcmp(key, "reason") == 0) result.reason = (int32_t)strtol(value, NULL, 10);
    else if (strcmp(key, "latency") == 0) result.latency_ns = scenario_ns(s, value);
    else if (strcmp(key, "at") == 0) result.finished_ns = scenario_ns(s, value);
    else if (strcmp(key, "text") == 0) strcpy(result.message, value);
    else if (strcmp(value, "old") == 0) result.token = actor->old_token;
    else result.token = actor->token ^ (uint64_t)1 << 30;
  }
  return meshvitals_report(s->monitor, actor->id, &result);
}

/* Runs a check once for each letter and compares the status after each. */
static inline void scenario_trace(struct scenario *s, char *at) {
  struct listener *from = scenario_listener(s, scenario_word(&at));
  struct actor *actor = scenario_actor(s, scenario_word(&at), 0);
  const char *letter = scenario_word(&at);
  const char *const wanted = scenario_word(&at);
  char seen[SCENARIO_TEXT] = "";
  SCENARIO_CHECK(s, actor != NULL, "nobody is called so");
  for (; *letter != 0; letter++) {
    meshvitals_event_t event = scenario_due(s, from, actor);
    if (*letter == 's') {
      CHECK_EQ(meshvitals_monitor_advance(s->monitor, event.deadline_ns, NULL), MESHVITALS_OK);
      CHECK_EQ(scenario_take(s, from, &event), 1);
      CHECK_EQ(event.kind, MESHVITALS_EVENT_CHECK_CANCEL);
    } else {
      static const char letters[] = "pwfx";
      static const meshvitals_outcome_t outcomes[] = {
          MESHVITALS_OUTCOME_PASS, MESHVITALS_OUTCOME_WARN, MESHVITALS_OUTCOME_FAIL,
          MESHVITALS_OUTCOME_LOCAL};
      meshvitals_result_t result = MESHVITALS_RESULT_INIT;
      SCENARIO_CHECK(s, strchr(letters, *letter) != NULL, "`%c` is no result", *letter);
      result.outcome = outcomes[strchr(letters, *letter) - letters];
      result.token = event.token;
      CHECK_EQ(meshvitals_report(s->monitor, actor->id, &result), MESHVITALS_OK);
    }
    seen[strlen(seen)] = "?HDU"[meshvitals_status(s->monitor, actor->id)];
  }
  SCENARIO_CHECK(s, strcmp(seen, wanted) == 0, "it was %s", seen);
}

#endif
