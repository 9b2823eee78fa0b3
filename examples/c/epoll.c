/* Events in the event loop of a program: one descriptor more for epoll.

   It watches an address and answers each line on its standard input with the status of the moment,
   until the input ends:
   cc epoll.c $(pkg-config --cflags --libs meshvitals) -o epoll && ./epoll 127.0.0.1:5432 */

#include <meshvitals.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char *const words[] = {"UNKNOWN", "HEALTHY", "DEGRADED", "UNHEALTHY"};

/* Tells what became of a check; events about its groups are left out. The descriptor of an empty
   queue is quiet again. */
static void take(meshvitals_subscription_t *events, meshvitals_check_id_t check) {
    meshvitals_event_t batch[16];
    int32_t count, at;
    do {
        count = meshvitals_poll(events, batch, sizeof batch[0], 16, 0 /* does not wait */);
        for (at = 0; at < count; at++)
            if (batch[at].check == check)
                printf("%s -> %s (%s)\n", words[batch[at].previous], words[batch[at].status],
                       meshvitals_reason_text(batch[at].reason));
    } while (count == 16);
    fflush(stdout);
}

int main(int argc, char **argv) {
    meshvitals_monitor_t *monitor = NULL;
    meshvitals_subscription_t *events = NULL;
    meshvitals_check_id_t id = 0;
    meshvitals_error_t error = {0};
    const meshvitals_cell_t *cell;
    struct epoll_event interest = {.events = EPOLLIN};
    char check[256], line[256];
    int loop = epoll_create1(EPOLL_CLOEXEC), open = loop >= 0;

    snprintf(check, sizeof check,
             "{\"name\": \"target\", \"tcp\": {\"address\": \"%s\"}, \"interval\": \"500ms\"}",
             argc > 1 ? argv[1] : "127.0.0.1:5432");
    if (meshvitals_monitor_new("{\"system_checks\": false}", &monitor, &error) ||
        meshvitals_register(monitor, check, &id, &error) ||
        meshvitals_subscribe(monitor, MESHVITALS_KIND_STATUS, 64, &events, &error) ||
        meshvitals_monitor_start(monitor, &error)) {
        fprintf(stderr, "%s\n", error.message);
        open = 0;
    }
    cell = meshvitals_cell(monitor, id);
    /* Level-triggered, so that nothing is lost when a batch leaves something behind. */
    interest.data.fd = meshvitals_event_fd(events);
    if (open && epoll_ctl(loop, EPOLL_CTL_ADD, interest.data.fd, &interest) != 0) open = 0;
    interest.data.fd = STDIN_FILENO;
    if (open && epoll_ctl(loop, EPOLL_CTL_ADD, STDIN_FILENO, &interest) != 0) open = 0;
    while (open) {
        struct epoll_event ready;
        if (epoll_wait(loop, &ready, 1, -1) != 1) continue;
        if (ready.data.fd != STDIN_FILENO) {
            take(events, id);
        } else if (read(STDIN_FILENO, line, sizeof line) > 0) {
            /* No call, no lock: this may stand where requests are routed. */
            printf("now %s\n", words[meshvitals_cell_status(cell, id)]);
            fflush(stdout);
        } else {
            open = 0;
        }
    }
    meshvitals_subscription_free(events);
    meshvitals_monitor_free(monitor);
    close(loop);
    return error.code != 0;
}
