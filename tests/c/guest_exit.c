/* The end of a process while a callback hangs and runs are in flight: the exit code is as given,
   and nothing hangs or crashes, however the end comes. */

#include "guest.h"

static sem_t entered;

static int hang(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  (void)user, (void)run, (void)out;
  sem_post(&entered);
  for (;;) pause();
  return 0;
}

static void *log_on_exit;

static void log_line(void *user, int level, const char *line) {
  (void)user, (void)level, (void)line;
  log_on_exit = user;
}

static void *leave(void *argument) { exit(*(int *)argument); }

/* A process with everything under way. */
static int ends(const char *way) {
  static int from_thread = 7;
  alarm(SECONDS);
  sem_init(&entered, 0, 0);
  int port = serve(), silent;
  listener(&silent);
  meshvitals_monitor_t *monitor = started("{\"system_checks\": true, \"start_spread\": \"0ms\"}");
  GOOD(meshvitals_set_log(monitor, 3, log_line, NULL, NULL));
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  GOOD(meshvitals_register_callback(monitor,
                                    "{\"name\": \"hangs\", \"callback\": {}, \"timeout\": \"1h\"}",
                                    hang, NULL, NULL, NULL, NULL));
  meshvitals_check_id_t id = 0;
  for (int i = 0; i < 50; i++)
    id = add(monitor, TEXT("{\"name\": \"c%d\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
                           "\"interval\": \"10ms\"}", i, i % 2 ? port : silent));
  await(&entered);
  await_result(results, id, MESHVITALS_OUTCOME_PASS);
  switch (way[0]) {
    case 'm':
      return 3;
    case 'e':
      exit(4);
    case '_':
      _exit(5);
    case 'q':
      quick_exit(6);
    case 't':
      pthread_join(thread(leave, &from_thread), NULL);
      break;
    case 's':
      raise(SIGTERM);
      break;
    case 'f':
      meshvitals_monitor_free(monitor);
      return 8;
  }
  return 1;
}

int main(int count, char **arguments) {
  static const struct {
    char *way;
    int code, signal;
  } all[] = {{"main", 3, 0},   {"exit", 4, 0},   {"_exit", 5, 0},         {"quick", 6, 0},
             {"thread", 7, 0}, {"free", 8, 0},   {"signal", 0, SIGTERM}};
  if (count > 1) return ends(arguments[1]);
  alarm(50);
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
      int status;
      pid_t made = fork();
      NEED(made >= 0, errno);
      if (made == 0) {
        execv("/proc/self/exe", (char *[]){arguments[0], all[i].way, NULL});
        _exit(99);
      }
      NEED(waitpid(made, &status, 0) == made, errno);
      if (all[i].signal) {
        NEED(WIFSIGNALED(status) && WTERMSIG(status) == all[i].signal, status);
      } else {
        NEED(WIFEXITED(status) && WEXITSTATUS(status) == all[i].code, status);
      }
    }
  }
  return 0;
}
