/* Plays the scenarios of the shared vectors through the C interface. The words of their steps are
   explained in tests/conformance/README.md. What does not come as a step says ends the program. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "vectors.h"

enum { SCENARIO_MANY = 16, SCENARIO_TURNS = 1000, SCENARIO_TEXT = 2048 };

/* A check that was registered; it keeps its place when it is gone. */
struct actor {
  char name[128];
  meshvitals_check_id_t id;
  uint64_t token, old_token;
  int gone;
};

struct listener {
  char name[16];
  meshvitals_subscription_t *events;
  int groups;
};

struct scenario {
  const struct vectors *file;
  const char *step;
  meshvitals_monitor_t *monitor;
  struct actor actors[SCENARIO_MANY];
  struct listener listeners[SCENARIO_MANY];
  size_t actor_count, listener_count;
  meshvitals_error_t err;
};

#define SCENARIO_CHECK(s, condition, ...)                                                    \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      fprintf(stderr, "%s:%d: %s: `%s`: ", (s)->file->path, (s)->file->now.line,             \
              (s)->file->now.why, (s)->step);                                                \
      CHECK_FAIL(__VA_ARGS__);                                                               \
    }                                                                                        \
  } while (0)

/* Takes the next word off the front of a text; empty at its end. */
static inline char *scenario_word(char **at) {
  char *const word = *at;
  *at += strcspn(word, " ");
  if (**at != 0) *(*at)++ = 0;
  return word;
}

/* Takes `key=value` off the front of a text and gives the value; `text=` takes the rest. */
static inline char *scenario_pair(struct scenario *s, char **at, const char **key) {
  char *value = strchr(*at, '=');
  SCENARIO_CHECK(s, value != NULL, "`%s` is no key=value", *at);
  *value++ = 0;
  *key = *at;
  *at = value;
  if (strcmp(*key, "text") != 0) return scenario_word(at);
  *at += strlen(value);
  return value;
}

static inline long long scenario_constant(struct scenario *s, const char *table, const char *name) {
  const struct constant *found = constant_named(table, name);
  SCENARIO_CHECK(s, found != NULL, "`%s` is no %s", name, table);
  return found->number;
}

/* An instant or duration: a number with its unit. */
static inline uint64_t scenario_ns(struct scenario *s, const char *text) {
  char *unit;
  const uint64_t number = strtoull(text, &unit, 10);
  if (strcmp(unit, "s") == 0) return number * 1000000000;
  if (strcmp(unit, "ms") == 0) return number * 1000000;
  SCENARIO_CHECK(s, strcmp(unit, "ns") == 0, "`%s` is no time", text);
  return number;
}

/* What a field of an event or snapshot is, as a step says it. */
static inline void scenario_put_ns(char *out, uint64_t ns) {
  if (ns % 1000000000 == 0) {
    snprintf(out, SCENARIO_TEXT, "%" PRIu64 "s", ns / 1000000000);
  } else if (ns % 1000000 == 0) {
    snprintf(out, SCENARIO_TEXT, "%" PRIu64 "ms", ns / 1000000);
  } else {
    snprintf(out, SCENARIO_TEXT, "%" PRIu64 "ns", ns);
  }
}

static inline void scenario_put_number(char *out, long long number) {
  snprintf(out, SCENARIO_TEXT, "%lld", number);
}

static inline void scenario_put_value(char *out, double value) {
  if (isnan(value)) strcpy(out, "none");
  else snprintf(out, SCENARIO_TEXT, "%g", value);
}

static inline void scenario_put_name(char *out, const char *table, long long number) {
  const char *name = constant_name(table, number);
  if (name == NULL) scenario_put_number(out, number);
  else strcpy(out, name);
}

/* The last check that was registered under this name; or the one of this id. */
static inline struct actor *scenario_actor(struct scenario *s, const char *name,
                                           meshvitals_check_id_t id) {
  size_t at;
  for (at = s->actor_count; at-- > 0;) {
    struct actor *actor = &s->actors[at];
    if (name != NULL ? strcmp(actor->name, name) == 0 : actor->id == id) return actor;
  }
  return NULL;
}

/* Notes a check that was registered or replaced; the latter keeps its id. */
static inline void scenario_learn(struct scenario *s, meshvitals_check_id_t id) {
  meshvitals_snapshot_t seen;
  struct actor *actor;
  seen.struct_size = sizeof seen;
  CHECK_EQ(meshvitals_snapshot(s->monitor, id, &seen), MESHVITALS_OK);
  actor = scenario_actor(s, seen.name, 0);
  if (actor != NULL && !actor->gone) {
    SCENARIO_CHECK(s, actor->id == id, "%s has another id", seen.name);
    return;
  }
  CHECK(s->actor_count < SCENARIO_MANY);
  actor = &s->actors[s->actor_count++];
  strcpy(actor->name, seen.name);
  actor->id = id;
}

/* The id of a check, or of a group after an `@`. */
static inline meshvitals_code_t scenario_id(struct scenario *s, const char *name,
                                            meshvitals_check_id_t *id) {
  const struct actor *actor;
  if (*name == '@') return meshvitals_group_find(s->monitor, name + 1, id);
  actor = scenario_actor(s, name, 0);
  SCENARIO_CHECK(s, actor != NULL, "nobody is called %s", name);
  *id = actor->id;
  return MESHVITALS_OK;
}

static inline struct listener *scenario_listener(struct scenario *s, const char *name) {
  size_t at;
  for (at = 0; at < s->listener_count; at++)
    if (strcmp(s->listeners[at].name, name) == 0) return &s->listeners[at];
  SCENARIO_CHECK(s, 0, "no subscription is called %s", name);
  return NULL;
}

/* Takes one event, and of groups only where they are listened to. */
static inline int32_t scenario_take(struct scenario *s, struct listener *from,
                                    meshvitals_event_t *event) {
  for (;;) {
    const int32_t taken = meshvitals_poll(from->events, event, sizeof *event, 1, 0);
    struct actor *actor = taken == 1 ? scenario_actor(s, NULL, event->check) : NULL;
    if (taken == 1 && actor == NULL && event->check != 0 && !from->groups) continue;
    if (taken == 1 && event->kind == MESHVITALS_EVENT_CHECK_DUE) {
      actor->old_token = actor->token;
      actor->token = event->token;
    }
    return taken;
  }
}

#endif
