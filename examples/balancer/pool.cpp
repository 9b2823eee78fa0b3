#include "pool.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <stdexcept>

using namespace std::chrono_literals;

sockaddr_in parse_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    const std::string host = text.substr(0, colon);
    const int port = colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1);
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 || port < 1 || port > 65535)
        throw std::invalid_argument(text + " is not an address like 127.0.0.1:8080");
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

Pool::Pool(mv::Monitor& monitor, const std::string& path, const std::vector<std::string>& names) {
    std::vector<mv::CheckDocument> documents;
    for (const std::string& name : names)
        // A second failure, one confirm interval after the first, takes an upstream out; a failed
        // connection of ours asks for the first at once.
        documents.push_back(mv::CheckDocument{name, mv::Http{"http://" + name + path}}
                                .interval(1s)
                                .timeout(500ms)
                                .confirm_interval(100ms)
                                .failure_threshold(2)
                                .success_threshold(2)
                                .tags({"readiness"}));
    const std::vector<mv::Check> checks = monitor.register_many(documents);
    for (std::size_t i = 0; i < names.size(); i++)
        upstreams_.push_back({names[i], parse_address(names[i]), checks[i]});
}

Upstream* Pool::choose(const std::vector<const Upstream*>& tried) {
    Upstream* unknown = nullptr;
    for (std::size_t i = 0; i < upstreams_.size(); i++) {
        Upstream& upstream = upstreams_[turn_++ % upstreams_.size()];
        if (std::find(tried.begin(), tried.end(), &upstream) != tried.end()) continue;
        const mv::Status status = upstream.check.status();
        if (mv::is_functional(status)) return &upstream;
        if (status == mv::Status::unknown) unknown = &upstream;
    }
    return unknown;
}

Upstream* Pool::of(mv::CheckId check) {
    for (Upstream& upstream : upstreams_)
        if (upstream.check.id() == check) return &upstream;
    return nullptr;
}
