/* An HTTP server for the tests of the balancer: `upstream ADDRESS PORT NAME` answers every request
   with its name and closes, each connection on a thread of its own. It says `ready` when it
   listens, and lives until it is killed. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

static void answer(int client, const std::string& name) {
    std::string request;
    char buffer[4096];
    ssize_t count;
    while (request.find("\r\n\r\n") == std::string::npos &&
           (count = recv(client, buffer, sizeof buffer, 0)) > 0)
        request.append(buffer, static_cast<std::size_t>(count));
    const std::string text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                             std::to_string(name.size()) + "\r\n\r\n" + name;
    send(client, text.data(), text.size(), MSG_NOSIGNAL);
    close(client);
}

int main(int argc, char** argv) {
    if (argc != 4) return 64;
    const int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
    inet_pton(AF_INET, argv[1], &address.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(fd, 1024) != 0) {
        std::perror(argv[2]);
        return 1;
    }
    std::puts("ready");
    std::fflush(stdout);
    for (;;) {
        const int client = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) std::thread(answer, client, std::string(argv[3])).detach();
    }
}
