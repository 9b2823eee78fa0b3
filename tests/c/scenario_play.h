/* Reads the steps of a scenario one by one and hands them to what they name; see scenario.h. */
#ifndef SCENARIO_PLAY_H
#define SCENARIO_PLAY_H

#include "scenario_steps.h"

static inline meshvitals_code_t scenario_subscribe(struct scenario *s, char *at) {
  struct listener *listener = &s->listeners[s->listener_count];
  uint32_t kinds = 0;
  char *words;
  meshvitals_code_t code;
  CHECK(s->listener_count < SCENARIO_MANY);
  strcpy(listener->name, scenario_word(&at));
  for (words = scenario_word(&at); *words != 0;) {
    char *const word = words;
    words += strcspn(words, "+");
    if (*words != 0) *words++ = 0;
    if (strcmp(word, "GROUPS") == 0) listener->groups = 1;
    else kinds |= (uint32_t)scenario_constant(s, "kind", word);
  }
  code = meshvitals_subscribe(s->monitor, kinds, (uint32_t)strtoul(at, NULL, 10),
                              &listener->events, &s->err);
  s->listener_count += code == MESHVITALS_OK;
  return code;
}

/* `advance 10s next=20s` */
static inline meshvitals_code_t scenario_advance(struct scenario *s, char *at) {
  uint64_t next;
  char seen[SCENARIO_TEXT];
  const meshvitals_code_t code =
      meshvitals_monitor_advance(s->monitor, scenario_ns(s, scenario_word(&at)), &next);
  if (code == MESHVITALS_OK && *at != 0) {
    const char *key, *wanted = scenario_pair(s, &at, &key);
    SCENARIO_CHECK(s, strcmp(key, "next") == 0, "there is no field `%s`", key);
    scenario_put_when(seen, next);
    SCENARIO_CHECK(s, strcmp(seen, wanted) == 0, "next is `%s`", seen);
  }
  return code;
}

/* `event s STATUS c to=HEALTHY` */
static inline void scenario_event(struct scenario *s, char *at) {
  struct listener *from = scenario_listener(s, scenario_word(&at));
  const char *const kind = scenario_word(&at), *const name = scenario_word(&at);
  const struct actor *actor;
  meshvitals_snapshot_t snapshot;
  meshvitals_event_t event;
  char seen[SCENARIO_TEXT] = "-";
  SCENARIO_CHECK(s, scenario_take(s, from, &event) == 1, "nothing was said");
  scenario_put_name(seen, "event", event.kind);
  SCENARIO_CHECK(s, strcmp(seen, kind) == 0, "it is %s", seen);
  actor = scenario_actor(s, NULL, event.check);
  snapshot.struct_size = sizeof snapshot;
  if (event.check == 0) {
    strcpy(seen, "-");
  } else if (actor != NULL) {
    strcpy(seen, actor->name);
  } else if (event.kind == MESHVITALS_EVENT_REMOVED) {
    snprintf(seen, sizeof seen, "@%s", event.text);
  } else {
    CHECK_EQ(meshvitals_snapshot(s->monitor, event.check, &snapshot), MESHVITALS_OK);
    snprintf(seen, sizeof seen, "@%s", snapshot.name);
  }
  SCENARIO_CHECK(s, strcmp(seen, name) == 0, "it is about %s", seen);
  if (actor != NULL && (event.kind == MESHVITALS_EVENT_REGISTERED ||
                        event.kind == MESHVITALS_EVENT_REMOVED))
    SCENARIO_CHECK(s, strcmp(event.text, actor->name) == 0, "the name is `%s`", event.text);
  scenario_expect(s, at, &event, scenario_event_field);
}

static inline meshvitals_code_t scenario_snapshot(struct scenario *s, char *at) {
  meshvitals_check_id_t id = 0;
  meshvitals_snapshot_t seen;
  meshvitals_code_t code = scenario_id(s, scenario_word(&at), &id);
  seen.struct_size = sizeof seen;
  if (code == MESHVITALS_OK) code = meshvitals_snapshot(s->monitor, id, &seen);
  if (code == MESHVITALS_OK) scenario_expect(s, at, &seen, scenario_snapshot_field);
  return code;
}

/* In the cell and by the call, which compares the time. */
static inline void scenario_status(struct scenario *s, char *at) {
  const char *const name = scenario_word(&at);
  const long long wanted = scenario_constant(s, "status", scenario_word(&at));
  meshvitals_check_id_t id = 0;
  CHECK_EQ(scenario_id(s, name, &id), MESHVITALS_OK);
  SCENARIO_CHECK(s, meshvitals_status(s->monitor, id) == wanted, "the call says %d",
                 (int)meshvitals_status(s->monitor, id));
  SCENARIO_CHECK(s, meshvitals_cell_status(meshvitals_cell(s->monitor, id), id) == wanted,
                 "the cell says otherwise");
}

static inline meshvitals_code_t scenario_find(struct scenario *s, const char *name) {
  meshvitals_check_id_t id = 0;
  meshvitals_code_t code;
  if (*name == '@') return meshvitals_group_find(s->monitor, name + 1, &id);
  code = meshvitals_find(s->monitor, name, &id);
  if (code == MESHVITALS_OK)
    SCENARIO_CHECK(s, scenario_actor(s, name, 0)->id == id, "it is another check");
  return code;
}

static inline meshvitals_code_t scenario_register_many(struct scenario *s, const char *document) {
  meshvitals_check_id_t ids[SCENARIO_MANY];
  size_t count = 0, at;
  const meshvitals_code_t code =
      meshvitals_register_many(s->monitor, document, ids, SCENARIO_MANY, &count, &s->err);
  for (at = 0; code == MESHVITALS_OK && at < count; at++) scenario_learn(s, ids[at]);
  return code;
}

/* What is done to one check: a word, its name, and what follows. */
static inline meshvitals_code_t scenario_act(struct scenario *s, const char *verb, char *at) {
  struct actor *actor = scenario_actor(s, scenario_word(&at), 0);
  meshvitals_status_t status;
  SCENARIO_CHECK(s, actor != NULL, "nobody is called so");
  if (strcmp(verb, "check_now") == 0) return meshvitals_check_now(s->monitor, actor->id);
  if (strcmp(verb, "pause") == 0) return meshvitals_pause(s->monitor, actor->id, 1);
  if (strcmp(verb, "resume") == 0) return meshvitals_pause(s->monitor, actor->id, 0);
  if (strcmp(verb, "clear") == 0) return meshvitals_override(s->monitor, actor->id, 0, 0);
  if (strcmp(verb, "unregister") == 0) {
    const meshvitals_code_t code = meshvitals_unregister(s->monitor, actor->id);
    actor->gone |= code == MESHVITALS_OK;
    return code;
  }
  SCENARIO_CHECK(s, strcmp(verb, "override") == 0, "`%s` is no word", verb);
  status = (meshvitals_status_t)scenario_constant(s, "status", scenario_word(&at));
  return meshvitals_override(s->monitor, actor->id, status, scenario_ns(s, at) / 1000000);
}

/* What is expected rather than done; whether the word was one. */
static inline int scenario_look(struct scenario *s, const char *verb, char *at) {
  meshvitals_event_t event;
  meshvitals_check_id_t id = 0;
  if (strcmp(verb, "event") == 0) {
    scenario_event(s, at);
  } else if (strcmp(verb, "trace") == 0) {
    scenario_trace(s, at);
  } else if (strcmp(verb, "status") == 0) {
    scenario_status(s, at);
  } else if (strcmp(verb, "drain") == 0) {
    while (scenario_take(s, scenario_listener(s, at), &event) == 1) continue;
  } else if (strcmp(verb, "answer") == 0) {
    CHECK_EQ(scenario_id(s, scenario_word(&at), &id), MESHVITALS_OK);
    SCENARIO_CHECK(s, meshvitals_answer(s->monitor, id) == (strcmp(at, "yes") == 0), "it is not");
  } else if (strcmp(verb, "due") == 0) {
    struct listener *from = scenario_listener(s, scenario_word(&at));
    char seen[SCENARIO_TEXT];
    event = scenario_due(s, from, scenario_actor(s, scenario_word(&at), 0));
    scenario_put_ns(seen, event.at_ns);
    SCENARIO_CHECK(s, strcmp(seen, at) == 0, "it was at %s", seen);
  } else {
    return 0;
  }
  return 1;
}

static inline meshvitals_code_t scenario_do(struct scenario *s, const char *verb, char *at) {
  meshvitals_event_t event;
  meshvitals_check_id_t id = 0;
  meshvitals_code_t code;
  if (scenario_look(s, verb, at)) return MESHVITALS_OK;
  if (strcmp(verb, "advance") == 0) return scenario_advance(s, at);
  if (strcmp(verb, "subscribe") == 0) return scenario_subscribe(s, at);
  if (strcmp(verb, "report") == 0) return scenario_report(s, 0, at);
  if (strcmp(verb, "beat") == 0) return scenario_report(s, 1, at);
  if (strcmp(verb, "snapshot") == 0) return scenario_snapshot(s, at);
  if (strcmp(verb, "find") == 0) return scenario_find(s, at);
  if (strcmp(verb, "register_many") == 0) return scenario_register_many(s, at);
  if (strcmp(verb, "start") == 0) return meshvitals_monitor_start(s->monitor, &s->err);
  if (strcmp(verb, "stop") == 0) return meshvitals_monitor_stop(s->monitor, 0);
  if (strcmp(verb, "quiet") == 0) {
    const int32_t taken = scenario_take(s, scenario_listener(s, at), &event);
    SCENARIO_CHECK(s, taken != 1, "it says %s of %s", constant_name("event", event.kind),
                   event.text);
    return taken;
  }
  if (strcmp(verb, "register") == 0) code = meshvitals_register(s->monitor, at, &id, &s->err);
  else if (strcmp(verb, "replace") == 0) code = meshvitals_replace(s->monitor, at, &id, &s->err);
  else return scenario_act(s, verb, at);
  if (code == MESHVITALS_OK) scenario_learn(s, id);
  return code;
}

/* Plays the case that was read last. */
static inline void scenario_play(const struct vectors *file) {
  struct scenario s = {0};
  char *const *step;
  size_t at;
  s.file = file;
  s.step = "monitor";
  CHECK(file->now.monitor != NULL && file->now.steps[0] != NULL);
  CHECK_OK(meshvitals_monitor_new(file->now.monitor, &s.monitor, &s.err), &s.err);
  for (step = file->now.steps; *step != NULL; step++) {
    char text[SCENARIO_TEXT], *words = text;
    const char *verb;
    meshvitals_code_t wanted = MESHVITALS_OK, code;
    s.step = *step;
    CHECK(strlen(*step) < sizeof text);
    strcpy(text, *step);
    verb = scenario_word(&words);
    if (strcmp(verb, "refused") == 0) {
      wanted = (meshvitals_code_t)scenario_constant(&s, "code", scenario_word(&words));
      verb = scenario_word(&words);
    }
    code = scenario_do(&s, verb, words);
    SCENARIO_CHECK(&s, code == wanted, "%s %s", constant_name("code", code),
                   code == MESHVITALS_OK ? "" : s.err.message);
  }
  for (at = 0; at < s.listener_count; at++) meshvitals_subscription_free(s.listeners[at].events);
  meshvitals_monitor_free(s.monitor);
}

#endif
