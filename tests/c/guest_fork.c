/* Forks in the middle of runs, while other threads are inside the library: a child never hangs
   and never touches what is the parent's, can begin anew, and the parent notices nothing. */

#include "guest.h"

#define CHECKS 20
#define FORKS 24

static meshvitals_monitor_t *monitor;
static meshvitals_subscription_t *changes;
static meshvitals_check_id_t checks[CHECKS];
static const meshvitals_cell_t *cell;
static atomic_int ending;
static atomic_long calls;

/* A process of its own, so that no child inherits its ends of the connections. */
static pid_t server(int fd, void (*body)(int)) {
  pid_t parent = getpid(), made = fork();
  NEED(made >= 0, errno);
  if (made == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) body(fd);
    _exit(0);
  }
  close(fd);
  return made;
}

static void answer(int fd) { answer_all(&fd); }

static int said[2];

/* Says A when a request has arrived that will get no answer, and E when its connection ends. */
static void hold(int fd) {
  for (;;) {
    char request[4096];
    int client = accept(fd, NULL, NULL);
    if (client < 0 || recv(client, request, sizeof request, 0) <= 0) _exit(1);
    say(said[1], 'A');
    while (recv(client, request, sizeof request, 0) > 0) {
    }
    say(said[1], 'E');
    close(client);
  }
}

static void *hammer(void *argument) {
  int number = *(int *)argument;
  meshvitals_subscription_t *mine = subscribe(monitor, MESHVITALS_KIND_STATUS |
                                                           MESHVITALS_KIND_LIFE);
  while (!ending) {
    meshvitals_event_t events[16];
    meshvitals_check_id_t id =
        add(monitor, TEXT("{\"name\": \"hammer%d\", \"heartbeat\": {\"ttl\": \"1h\"}}", number));
    NEED(meshvitals_status(monitor, id) == MESHVITALS_STATUS_UNKNOWN, 0);
    int count = meshvitals_poll(mine, events, sizeof events[0], 16, 0);
    NEED(count >= 0, count);
    GOOD(meshvitals_unregister(monitor, id));
    calls++;
  }
  meshvitals_subscription_free(mine);
  return NULL;
}

static int callback(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  (void)user, (void)run, (void)out;
  return 0;
}

/* Every call that takes a monitor or a subscription, in a child that did not start it: first as it
   should be, then with all that can be wrong, which must not be what a child hears of. */
static void inherited(void) {
  const meshvitals_code_t forked = MESHVITALS_ERROR_FORKED;
  static const char document[] = "{\"name\": \"x\", \"external\": {}}", broken[] = "{\"\xff";
  meshvitals_check_id_t id = checks[0], ids[2];
  meshvitals_event_t event;
  meshvitals_snapshot_t snapshot = {.struct_size = sizeof snapshot}, unsized_snapshot = {0};
  meshvitals_result_t result = {.struct_size = sizeof result, .outcome = MESHVITALS_OUTCOME_PASS};
  meshvitals_result_t unsized_result = {0};
  meshvitals_subscription_t *other;
  meshvitals_error_t err;
  uint64_t next;
  size_t count;
  char buffer[64];
  NEED(meshvitals_cell(monitor, id) == cell, 0);
  NEED(meshvitals_cell_status(cell, id) == MESHVITALS_STATUS_UNKNOWN, 0);
  NEED(meshvitals_now_ns(monitor) > 0, 0);
  for (int i = 0; i < CHECKS; i++) CODE(0, meshvitals_status(monitor, checks[i]));
  CODE(0, meshvitals_overall(monitor));

  CODE(forked, meshvitals_find(monitor, "c0", &id));
  CODE(forked, meshvitals_find(monitor, NULL, NULL));
  CODE(forked, meshvitals_group_find(monitor, "overall", &id));
  CODE(forked, meshvitals_group_find(monitor, broken, &id));
  CODE(forked, meshvitals_list(monitor, NULL, 0));
  CODE(forked, meshvitals_list(monitor, NULL, 2));
  CODE(forked, meshvitals_answer(monitor, id));
  CODE(forked, meshvitals_answer(monitor, 0));
  CODE(forked, meshvitals_snapshot(monitor, id, &snapshot));
  CODE(forked, meshvitals_snapshot(monitor, id, &unsized_snapshot));
  CODE(forked, meshvitals_snapshot(monitor, 0, NULL));
  CODE(forked, meshvitals_render(monitor, "json", buffer, sizeof buffer));
  CODE(forked, meshvitals_render(monitor, "xml", NULL, 2));
  CODE(forked, meshvitals_render(monitor, NULL, NULL, 2));

  CODE(forked, meshvitals_register(monitor, document, &id, &err));
  NEED(err.code == forked, err.code);
  CODE(forked, meshvitals_register(monitor, broken, NULL, &err));
  NEED(err.code == forked && err.key[0] == 0, err.code);
  CODE(forked, meshvitals_register(monitor, "{", NULL, NULL));
  CODE(forked, meshvitals_register(monitor, NULL, NULL, NULL));
  CODE(forked, meshvitals_register_many(monitor, "[]", ids, 2, &count, NULL));
  CODE(forked, meshvitals_register_many(monitor, "{", NULL, 2, NULL, NULL));
  CODE(forked, meshvitals_register_callback(monitor, document, callback, NULL, NULL, &id, NULL));
  CODE(forked, meshvitals_register_callback(monitor, broken, NULL, NULL, NULL, &id, NULL));
  CODE(forked, meshvitals_replace(monitor, document, &id, NULL));
  CODE(forked, meshvitals_replace(monitor, "[", &id, NULL));
  CODE(forked, meshvitals_unregister(monitor, id));
  CODE(forked, meshvitals_unregister(monitor, 0));
  CODE(forked, meshvitals_unregister_many(monitor, &id, 1));
  CODE(forked, meshvitals_unregister_many(monitor, NULL, 2));

  CODE(forked, meshvitals_subscribe(monitor, 1, 8, &other, NULL));
  CODE(forked, meshvitals_subscribe(monitor, 0, 0, NULL, NULL));
  CODE(forked, meshvitals_poll(changes, &event, sizeof event, 1, -1));
  CODE(forked, meshvitals_poll(changes, &event, 1, 1, -1));
  CODE(forked, meshvitals_poll(changes, NULL, sizeof event, 1, -1));
  CODE(forked, meshvitals_event_fd(changes));
  CODE(forked, meshvitals_wake(changes));

  CODE(forked, meshvitals_report(monitor, id, &result));
  CODE(forked, meshvitals_report(monitor, id, &unsized_result));
  CODE(forked, meshvitals_report(monitor, 0, NULL));
  CODE(forked, meshvitals_report_traffic(monitor, 0, 1, 1, 1));
  CODE(forked, meshvitals_check_now(monitor, id));
  CODE(forked, meshvitals_pause(monitor, id, 1));
  CODE(forked, meshvitals_pause(monitor, id, 7));
  CODE(forked, meshvitals_override(monitor, id, 1, 1));
  CODE(forked, meshvitals_override(monitor, id, 7, 1));
  CODE(forked, meshvitals_set_log(monitor, 3, NULL, NULL, NULL));
  CODE(forked, meshvitals_set_log(monitor, 7, NULL, NULL, NULL));
  CODE(forked, meshvitals_monitor_advance(monitor, 0, &next));
  CODE(forked, meshvitals_monitor_stop(monitor, 10000));
  /* Not what a child may not have, but what nobody has. */
  CODE(MESHVITALS_ERROR_NULL, meshvitals_find(NULL, "c0", &id));
  CODE(MESHVITALS_ERROR_NULL, meshvitals_wake(NULL));
  NEED(entries("/proc/self/task") == 3, entries("/proc/self/task"));
}

/* Begins anew in a child, with the same ids. */
static meshvitals_subscription_t *anew(void) {
  meshvitals_check_id_t id;
  GOOD(meshvitals_monitor_start(monitor, NULL));
  meshvitals_subscription_t *mine = subscribe(monitor, MESHVITALS_KIND_STATUS);
  GOOD(meshvitals_find(monitor, "c7", &id));
  NEED(id == checks[7], id);
  if (meshvitals_status(monitor, id) != MESHVITALS_STATUS_HEALTHY)
    await_status(mine, id, MESHVITALS_STATUS_HEALTHY);
  NEED(meshvitals_status(monitor, id) == MESHVITALS_STATUS_HEALTHY, 0);
  add(monitor, TEXT("{\"name\": \"own%d\", \"heartbeat\": {\"ttl\": \"1h\"}}", getpid()));
  return mine;
}

static void child(int number) {
  alarm(SECONDS);
  inherited();
  switch (number % 6) {
    case 0:
      _exit(0);
    case 1:
      exit(0);
    case 2:
      meshvitals_subscription_free(changes);
      meshvitals_monitor_free(monitor);
      exit(0);
    case 3:
      anew();
      exit(0);
    case 4:
      meshvitals_subscription_free(anew());
      meshvitals_subscription_free(changes);
      GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
      meshvitals_monitor_free(monitor);
      _exit(0);
    default: {
      /* A child of a child begins where its parent did. */
      anew();
      int status;
      pid_t made = fork();
      NEED(made >= 0, errno);
      if (made == 0) {
        alarm(SECONDS);
        inherited();
        anew();
        exit(0);
      }
      NEED(waitpid(made, &status, 0) == made && status == 0, status);
      _exit(0);
    }
  }
}

static void reap(pid_t made) {
  int status;
  pid_t reaped;
  while ((reaped = waitpid(made, &status, 0)) < 0 && errno == EINTR) {
  }
  NEED(reaped == made && status == 0, status);
}

/* The connection of a run ends when the parent gives it up, though a child lives on. */
static void sockets_are_the_parents(int port) {
  meshvitals_check_id_t id = add(
      monitor, TEXT("{\"name\": \"held\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
                    "\"interval\": \"60s\", \"timeout\": \"50s\"}", port));
  NEED(await_byte(said[0]) == 'A', 0);
  int go[2], ready[2];
  NEED(pipe(go) == 0 && pipe(ready) == 0, errno);
  pid_t made = fork();
  NEED(made >= 0, errno);
  if (made == 0) {
    alarm(SECONDS * 2);
    close(go[1]);
    say(ready[1], 'R');
    _exit(await_byte(go[0]) == 'G' ? 0 : 1);
  }
  await_byte(ready[0]);
  GOOD(meshvitals_unregister(monitor, id));
  NEED(await_byte(said[0]) == 'E', 0);
  say(go[1], 'G');
  reap(made);
}

int main(void) {
  int port, held_port;
  alarm(50);
  int fd = listener(&port), held = listener(&held_port);
  NEED(pipe(said) == 0, errno);
  server(fd, answer);
  server(held, hold);

  monitor = started(BARE);
  changes = subscribe(monitor, MESHVITALS_KIND_STATUS);
  for (int i = 0; i < CHECKS; i++)
    checks[i] = add(monitor, TEXT("{\"name\": \"c%d\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
                                  "\"interval\": \"10ms\", \"timeout\": \"10s\"}", i, port));
  for (int i = 0; i < CHECKS; i++)
    if (meshvitals_status(monitor, checks[i]) != MESHVITALS_STATUS_HEALTHY)
      await_status(changes, checks[i], MESHVITALS_STATUS_HEALTHY);
  cell = meshvitals_cell(monitor, checks[0]);

  pthread_t threads[4];
  int numbers[4] = {0, 1, 2, 3};
  for (int i = 0; i < 4; i++) threads[i] = thread(hammer, &numbers[i]);
  for (int i = 0; i < FORKS; i++) {
    /* The others are at work before each fork. */
    for (long before = calls; calls < before + 20;) sched_yield();
    pid_t made = fork();
    NEED(made >= 0, errno);
    if (made == 0) child(i);
    reap(made);
  }
  ending = 1;
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  sockets_are_the_parents(held_port);

  /* The parent runs on, and never saw one of its checks change. */
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  for (int i = 0; i < CHECKS; i++) {
    await_result(results, checks[i], MESHVITALS_OUTCOME_PASS);
    NEED(meshvitals_status(monitor, checks[i]) == MESHVITALS_STATUS_HEALTHY, i);
  }
  meshvitals_event_t event;
  while (meshvitals_poll(changes, &event, sizeof event, 1, 0) == 1)
    for (int i = 0; i < CHECKS; i++)
      NEED(event.check != checks[i] || event.status == MESHVITALS_STATUS_HEALTHY, event.reason);
  GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
  meshvitals_monitor_free(monitor);
  meshvitals_subscription_free(changes);
  meshvitals_subscription_free(results);
  return 0;
}
