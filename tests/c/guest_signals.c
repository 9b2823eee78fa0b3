/* Signals, descriptors and the rest of the host's process: the library's threads take no signal,
   a broken connection raises none, nothing it opens is inherited by a program that is started,
   and handlers and environment are left as they were. */

#include "guest.h"

#include <sys/un.h>

extern char **environ;

static pid_t main_thread;
static atomic_int elsewhere, handled;

static void handle(int number) {
  (void)number;
  if (gettid() != main_thread) elsewhere++;
  handled++;
}

static void on_break(int number) {
  (void)number;
  static const char text[] = "a broken connection raised SIGPIPE\n";
  (void)!write(2, text, sizeof text - 1);
  _exit(1);
}

static void task_file(char *into, size_t size, const char *task, const char *file) {
  int fd = open(TEXT("/proc/self/task/%s/%s", task, file), O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? 0 : read(fd, into, size - 1);
  into[length > 0 ? length : 0] = 0;
  if (fd >= 0) close(fd);
}

/* Counts the threads whose names begin so, and looks at what they block. */
static int threads_named(const char *name) {
  DIR *tasks = opendir("/proc/self/task");
  struct dirent *task;
  int count = 0;
  NEED(tasks != NULL, errno);
  while ((task = readdir(tasks)) != NULL) {
    char text_of[4096];
    if (task->d_name[0] == '.') continue;
    task_file(text_of, sizeof text_of, task->d_name, "comm");
    if (strncmp(text_of, name, strlen(name)) != 0) continue;
    task_file(text_of, sizeof text_of, task->d_name, "status");
    char *line = strstr(text_of, "SigBlk:");
    if (line == NULL) continue;  /* It has ended meanwhile. */
    uint64_t blocked = strtoull(line + 7, NULL, 16);
    for (int number = 1; number <= 64; number++) {
      /* Two that nobody can block, and two that the C library keeps for itself. */
      if (number == SIGKILL || number == SIGSTOP || number == 32 || number == 33) continue;
      NEED(blocked >> (number - 1) & 1, number);
    }
    count++;
  }
  closedir(tasks);
  return count;
}

/* Every descriptor above those that a program starts with is close-on-exec. */
static int descriptors(void) {
  DIR *all = opendir("/proc/self/fdinfo");
  struct dirent *one;
  int count = 0;
  NEED(all != NULL, errno);
  while ((one = readdir(all)) != NULL) {
    int number = atoi(one->d_name);
    char info[1024];
    if (one->d_name[0] == '.' || number <= 2) continue;
    int fd = open(TEXT("/proc/self/fdinfo/%d", number), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;  /* Closed meanwhile. */
    ssize_t length = read(fd, info, sizeof info - 1);
    close(fd);
    info[length > 0 ? length : 0] = 0;
    char *flags = strstr(info, "flags:");
    if (flags == NULL) continue;
    NEED(strtoull(flags + 6, NULL, 8) & O_CLOEXEC, number);
    count++;
  }
  closedir(all);
  return count;
}

struct manners {
  struct sigaction actions[65];
  sigset_t blocked;
  char environment[65536];
};

static struct manners *manners(void) {
  struct manners *now = calloc(1, sizeof *now);
  size_t at = 0;
  NEED(now != NULL, 0);
  for (int number = 1; number <= 64; number++)
    (void)sigaction(number, NULL, &now->actions[number]);
  pthread_sigmask(SIG_SETMASK, NULL, &now->blocked);
  for (char **variable = environ; *variable != NULL; variable++) {
    size_t length = strlen(*variable) + 1;
    if (at + length > sizeof now->environment) break;
    memcpy(now->environment + at, *variable, length);
    at += length;
  }
  return now;
}

/* Resets every connection as soon as it is made. */
static void *reset_all(void *argument) {
  int fd = *(int *)argument;
  struct linger at_once = {.l_onoff = 1};
  for (;;) {
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) continue;
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(client);
  }
  return NULL;
}

static int hang(void *user, const meshvitals_run_t *run, meshvitals_result_t *out) {
  (void)run, (void)out;
  sem_post(user);
  hang_until((sem_t *)user + 1);
  return 0;
}

static void storm(void) {
  int status;
  handled = 0;
  pid_t made = fork();
  NEED(made >= 0, errno);
  if (made == 0) {
    for (int i = 0; i < 5000; i++)
      if (kill(getppid(), SIGUSR1) != 0) _exit(1);
    _exit(0);
  }
  while (waitpid(made, &status, 0) < 0) NEED(errno == EINTR, errno);
  NEED(status == 0, status);
}

/* Takes the beginning of a request and closes: whoever still writes gets EPIPE. */
static void *close_all(void *server) {
  char byte;
  int fd;
  while ((fd = accept(*(int *)server, NULL, NULL)) >= 0) {
    NEED(recv(fd, &byte, 1, 0) == 1, errno);
    close(fd);
  }
  return NULL;
}

/* A unix socket and a body that it cannot take at once: TCP would take the whole request. */
static void write_to_closed_sockets(void) {
  static char body[1 << 20], document[sizeof body + 256];
  static int server;
  char directory[] = "/tmp/meshvitals-XXXXXX";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  NEED(mkdtemp(directory) != NULL, errno);
  snprintf(address.sun_path, sizeof address.sun_path, "%s/s", directory);
  server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  NEED(bind(server, (struct sockaddr *)&address, sizeof address) == 0, errno);
  NEED(listen(server, 64) == 0, errno);
  pthread_detach(thread(close_all, &server));
  memset(body, 'x', sizeof body - 1);
  snprintf(document, sizeof document,
           "{\"name\": \"web\", \"http\": {\"url\": \"http://x/\", \"address\": \"unix:%s\","
           "\"method\": \"POST\", \"body\": \"%s\"}}", address.sun_path, body);
  for (int i = 0; i < 20; i++) {
    meshvitals_result_t result = {.struct_size = sizeof result};
    GOOD(meshvitals_probe_once(NULL, document, &result, NULL));
    NEED(result.outcome == MESHVITALS_OUTCOME_FAIL, result.outcome);
  }
  unlink(address.sun_path);
  rmdir(directory);
}

int main(void) {
  static int reset_fd;
  static sem_t semaphores[2];
  int reset_port, silent_port;
  sigset_t all, none;
  alarm(50);
  main_thread = gettid();
  /* What this program inherited itself is nobody's matter here. */
  for (int fd = 3; fd < 1024; fd++) close(fd);
  struct sigaction action = {.sa_handler = handle};
  sigaction(SIGUSR1, &action, NULL);
  /* The servers of this program are no candidates for signals either. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &none);
  int port = serve();
  reset_fd = listener(&reset_port);
  pthread_detach(thread(reset_all, &reset_fd));
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  listener(&silent_port);
  int threads_before = entries("/proc/self/task");
  struct manners *before = manners();

  /* Nothing here can block: there is one thread. */
  meshvitals_monitor_t *monitor = started(BARE);
  meshvitals_subscription_t *results = subscribe(monitor, MESHVITALS_KIND_RESULT);
  meshvitals_check_id_t id = 0, reset = 0;
  for (int i = 0; i < 20; i++) {
    reset = add(monitor, TEXT("{\"name\": \"reset%d\", \"http\": {\"url\":"
                              "\"http://127.0.0.1:%d/\"}, \"interval\": \"10ms\"}",
                              i, reset_port));
    id = add(monitor, TEXT("{\"name\": \"c%d\", \"tcp\": {\"address\": \"127.0.0.1:%d\"},"
                           "\"interval\": \"10ms\"}", i, port));
    add(monitor, TEXT("{\"name\": \"silent%d\", \"http\": {\"url\": \"http://127.0.0.1:%d/\"},"
                      "\"interval\": \"10ms\"}", i, silent_port));
  }
  for (int i = 0; i < 5; i++) await_result(results, id, MESHVITALS_OUTCOME_PASS);
  NEED(entries("/proc/self/task") == threads_before + 1, entries("/proc/self/task"));
  NEED(threads_named("meshvitals") == 1, threads_named("meshvitals"));

  /* Now every kind of thread. */
  sem_init(&semaphores[0], 0, 0);
  sem_init(&semaphores[1], 0, 0);
  GOOD(meshvitals_register_callback(monitor, "{\"name\": \"hangs\", \"callback\": {}}", hang,
                                    semaphores, NULL, NULL, NULL));
  meshvitals_check_id_t disk = add(monitor, "{\"name\": \"disk\", \"disk\": {\"path\": \"/\"},"
                                            "\"interval\": \"10ms\"}");
  meshvitals_check_id_t named =
      add(monitor, TEXT("{\"name\": \"named\", \"tcp\": {\"address\": \"localhost:%d\"},"
                        "\"interval\": \"10ms\"}", port));
  await(&semaphores[0]);
  await_result(results, disk, MESHVITALS_OUTCOME_PASS);
  await_result(results, named, MESHVITALS_OUTCOME_PASS);
  NEED(threads_named("meshvitals") >= 3, threads_named("meshvitals"));
  NEED(entries("/proc/self/task") == threads_before + threads_named("meshvitals"),
       entries("/proc/self/task"));
  NEED(descriptors() >= 25, descriptors());

  storm();
  NEED(handled > 0 && elsewhere == 0, elsewhere);
  for (int i = 0; i < 20; i++) {
    await_result(results, reset, MESHVITALS_OUTCOME_FAIL);
    descriptors();
  }
  struct manners *after = manners();
  for (int number = 1; number <= 64; number++) {
    struct sigaction *then = &before->actions[number], *now = &after->actions[number];
    NEED(then->sa_handler == now->sa_handler && then->sa_flags == now->sa_flags, number);
    NEED(sigismember(&before->blocked, number) == sigismember(&after->blocked, number), number);
  }
  NEED(memcmp(before->environment, after->environment, sizeof after->environment) == 0, 0);
  free(before);
  free(after);

  /* On a thread of the host, where the signal is not blocked. */
  struct sigaction broken = {.sa_handler = on_break};
  sigaction(SIGPIPE, &broken, NULL);
  write_to_closed_sockets();
  sem_post(&semaphores[1]);
  GOOD(meshvitals_monitor_stop(monitor, 1000 * SECONDS));
  /* One more: the server of closed sockets. */
  settle("/proc/self/task", threads_before + 1);
  meshvitals_monitor_free(monitor);
  meshvitals_subscription_free(results);
  return 0;
}
