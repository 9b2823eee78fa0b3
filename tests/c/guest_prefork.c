/* A server that forks its workers: they inherit no descriptor of the engine, and lose none of
   their own to it; manual monitors begin anew in them, too; and a function of the host may fork. */

#include "guest.h"

#define DESCRIPTORS "/proc/self/fd"
#define MANUAL "{\"system_checks\": false, \"clock\": \"manual\"}"

/* The allocator, counted while the handlers of a child run that lie between two of ours. Another
   thread may have been inside it at the fork, and not every system makes it usable again. */
static atomic_int in_handlers, allocator_calls;

#ifdef __GLIBC__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

void *malloc(size_t size) {
  allocator_calls += in_handlers;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocator_calls += in_handlers;
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  allocator_calls += in_handlers;
  return __libc_realloc(old, size);
}

void free(void *old) {
  allocator_calls += in_handlers;
  __libc_free(old);
}
#endif

static void handlers_begin(void) { in_handlers = 1; }

static void handlers_end(void) { in_handlers = 0; }

static pid_t forked(void) {
  pid_t made = fork();
  NEED(made >= 0, errno);
  if (made == 0) {
    alarm(SECONDS);
    NEED(allocator_calls == 0 && !in_handlers, allocator_calls);
  }
  return made;
}

static void reap(pid_t made) {
  int status;
  pid_t reaped;
  while ((reaped = waitpid(made, &status, 0)) < 0 && errno == EINTR) {
  }
  NEED(reaped == made && status == 0, status);
}

static void has(int expected) {
  NEED(entries(DESCRIPTORS) == expected, entries(DESCRIPTORS) - expected);
}

static meshvitals_check_id_t check(meshvitals_monitor_t *monitor, const char *name) {
  meshvitals_check_id_t id;
  GOOD(meshvitals_find(monitor, name, &id));
  return id;
}

static int in_flight(meshvitals_monitor_t *monitor, const char *name) {
  meshvitals_snapshot_t snapshot = {.struct_size = sizeof snapshot};
  GOOD(meshvitals_snapshot(monitor, check(monitor, name), &snapshot));
  return snapshot.in_flight != 0;
}

/* Starts the monitor, and waits until every kind of descriptor is open that the engine has: it
   sleeps, has looked for a name, reads the host, and a connection waits for its answer. */
static void start_until_all_is_open(meshvitals_monitor_t *monitor) {
  GOOD(meshvitals_monitor_start(monitor, NULL));
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  GOOD(meshvitals_check_now(monitor, check(monitor, "named")));
  await_result(results, check(monitor, "named"), MESHVITALS_OUTCOME_PASS);
  /* How busy the host is does not matter. */
  while (next_event(results).check != check(monitor, "cpu")) {
  }
  /* The system's resolver is at rest, or it would have descriptors of its own. */
  while (in_flight(monitor, "named") || !in_flight(monitor, "silent")) sched_yield();
  meshvitals_subscription_free(results);
}

static meshvitals_monitor_t *with_every_kind(int port) {
  meshvitals_monitor_t *monitor = monitor_with(BARE);
  add(monitor, TEXT("{\"name\": \"named\", \"tcp\": {\"address\": \"localhost:%d\"},"
                    "\"interval\": \"1h\"}", port));
  add(monitor, TEXT("{\"name\": \"silent\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
                    "\"timeout\": \"1h\"}", port));
  add(monitor, "{\"name\": \"cpu\", \"cpu\": {}, \"interval\": \"10ms\"}");
  return monitor;
}

static void a_child_has_only_what_is_the_hosts(int port) {
  int before = entries(DESCRIPTORS);
  meshvitals_monitor_t *monitor = with_every_kind(port);
  start_until_all_is_open(monitor);
  meshvitals_subscription_t *mine = subscribe(monitor, MESHVITALS_KIND_LIFE);
  pid_t made = forked();
  if (made == 0) {
    has(before + 1);
    meshvitals_subscription_free(mine);
    has(before);
    /* What the child opens now gets numbers that were the engine's: nobody closes them again. */
    int own[2];
    NEED(pipe(own) == 0, errno);
    pid_t grandchild = forked();
    if (grandchild == 0) {
      say(own[1], 'x');
      NEED(await_byte(own[0]) == 'x', 0);
      meshvitals_monitor_free(monitor);
      has(before + 2);
      exit(0);
    }
    reap(grandchild);
    meshvitals_monitor_free(monitor);
    has(before + 2);
    exit(0);
  }
  reap(made);
  /* In the parent the descriptor of the subscription works as ever. */
  struct pollfd ready = {.fd = meshvitals_event_fd(mine), .events = POLLIN};
  NEED(poll(&ready, 1, 0) == 0, ready.revents);
  add(monitor, "{\"name\": \"news\", \"heartbeat\": {\"ttl\": \"1h\"}}");
  NEED(poll(&ready, 1, SECONDS * 1000) == 1, errno);
  meshvitals_subscription_free(mine);
  meshvitals_monitor_free(monitor);
  has(before);
}

static void worker(meshvitals_monitor_t *monitor, int before, int depth) {
  pid_t made = forked();
  if (made == 0) {
    has(before);
    start_until_all_is_open(monitor);
    if (depth > 1) worker(monitor, before, depth - 1);
    if (depth % 2) meshvitals_monitor_free(monitor);
    if (depth % 2) has(before);
    exit(0);
  }
  reap(made);
}

/* Each worker starts the monitor and forks the next one: nothing adds up. */
static void workers_of_workers(int port) {
  int before = entries(DESCRIPTORS);
  meshvitals_monitor_t *monitor = with_every_kind(port);
  worker(monitor, before, 2);
  start_until_all_is_open(monitor);
  worker(monitor, before, 5);
  GOOD(meshvitals_monitor_stop(monitor, SECONDS * 1000));
  worker(monitor, before, 1);
  meshvitals_monitor_free(monitor);
}

static int passes(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  (void)run, (void)out;
  ++*(int *)user;
  return 0;
}

/* A manual monitor is refused in a child until it is started there, which in the process that
   made it means nothing. */
static void manual_monitors_begin_anew(void) {
  const uint64_t second = 1000000000;
  int calls = 0, before = entries(DESCRIPTORS);
  meshvitals_monitor_t *monitor = monitor_with(MANUAL);
  meshvitals_check_id_t id;
  GOOD(meshvitals_register_callback(
      monitor, "{\"name\": \"c\", \"callback\": {}, \"interval\": \"1s\", \"jitter\": 0,"
               "\"initial_delay\": \"1s\"}", passes, &calls, NULL, &id, NULL));
  meshvitals_check_id_t jobs = add(monitor, "{\"name\": \"jobs\", \"heartbeat\": {\"ttl\": \"1h\"}}");
  const meshvitals_result_t beat = {.struct_size = sizeof beat,
                                    .outcome = MESHVITALS_OUTCOME_PASS};
  CODE(MESHVITALS_ERROR_MODE, meshvitals_monitor_start(monitor, NULL));
  meshvitals_subscription_t *inherited = subscribe(monitor, MESHVITALS_KIND_RESULT);
  GOOD(meshvitals_monitor_advance(monitor, 5 * second, NULL));
  GOOD(meshvitals_monitor_advance(monitor, 6 * second, NULL));
  NEED(calls > 0 && meshvitals_status(monitor, id) == MESHVITALS_STATUS_HEALTHY, calls);
  pid_t made = forked();
  if (made == 0) {
    uint64_t next;
    CODE(MESHVITALS_ERROR_FORKED, meshvitals_monitor_advance(monitor, 7 * second, &next));
    CODE(0, meshvitals_status(monitor, id));
    GOOD(meshvitals_monitor_start(monitor, NULL));
    CODE(MESHVITALS_ERROR_MODE, meshvitals_monitor_start(monitor, NULL));
    /* As after its making, calls are taken before the first turn. */
    GOOD(meshvitals_report(monitor, jobs, &beat));
    NEED(meshvitals_status(monitor, jobs) == MESHVITALS_STATUS_HEALTHY, 0);
    NEED(check(monitor, "c") == id && meshvitals_now_ns(monitor) == 6 * second, 0);
    CODE(MESHVITALS_ERROR_FORKED, meshvitals_event_fd(inherited));
    meshvitals_subscription_free(inherited);
    has(before);
    meshvitals_subscription_t *mine = subscribe(monitor, MESHVITALS_KIND_RESULT);
    CODE(MESHVITALS_ERROR_RANGE, meshvitals_monitor_advance(monitor, 5 * second, &next));
    calls = 0;
    GOOD(meshvitals_monitor_advance(monitor, 6 * second, &next));
    NEED(calls == 0 && next == 7 * second, next);
    GOOD(meshvitals_monitor_advance(monitor, next, &next));
    NEED(calls == 1 && meshvitals_status(monitor, id) == MESHVITALS_STATUS_HEALTHY, calls);
    await_result(mine, id, MESHVITALS_OUTCOME_PASS);
    meshvitals_subscription_free(mine);
    meshvitals_monitor_free(monitor);
    exit(0);
  }
  reap(made);
  GOOD(meshvitals_monitor_advance(monitor, 8 * second, NULL));
  NEED(meshvitals_status(monitor, id) == MESHVITALS_STATUS_HEALTHY, 0);
  meshvitals_subscription_free(inherited);
  meshvitals_monitor_free(monitor);
}

static atomic_int children, drops;
static meshvitals_monitor_t *forking;

/* Forks and returns in the child as well, where that ends the library's thread and with it the
   process. */
static void fork_and_return(void) {
  pid_t made = forked();
  if (made == 0) return;
  reap(made);
  children++;
}

static int forks(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  (void)user, (void)out;
  fork_and_return();
  if (children % 3 == 2) GOOD(meshvitals_unregister(forking, run->check));
  return 0;
}

static void forks_at_the_end(void *user) {
  (void)user;
  fork_and_return();
  drops++;
}

/* Called on a thread of the pool, dropped there or on the background thread. */
static void functions_may_fork(void) {
  forking = started(BARE);
  for (int round = 1; round <= 20; round++) {
    GOOD(meshvitals_register_callback(
        forking, TEXT("{\"name\": \"forks%d\", \"callback\": {}, \"interval\": \"10ms\"}", round),
        forks, NULL, forks_at_the_end, NULL, NULL));
    while (drops < round) sched_yield();
    NEED(children == 3 * round, children);
  }
  GOOD(meshvitals_monitor_stop(forking, SECONDS * 1000));
  meshvitals_monitor_free(forking);
}

int main(void) {
  int port;
  alarm(50);
  listener(&port);
  /* The library's handlers are registered with its first monitor. */
  pthread_atfork(NULL, NULL, handlers_begin);
  meshvitals_monitor_free(monitor_with(BARE));
  pthread_atfork(NULL, NULL, handlers_end);
  a_child_has_only_what_is_the_hosts(port);
  workers_of_workers(port);
  manual_monitors_begin_anew();
  functions_may_fork();
  return 0;
}
