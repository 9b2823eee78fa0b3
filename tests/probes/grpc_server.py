"""A gRPC server with the health service of grpcio, which does as the lines that it reads say.

Started with a JSON object of options it prints its port, and then a line for each line that it has
carried out: "set <service> <status>" changes a status, "calls <method>" tells how often it was
called.
"""

import json
import sys
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


class Counter(grpc.ServerInterceptor):
    """Counts calls, and knows no method of one name."""

    def __init__(self, unknown):
        self.unknown, self.calls = unknown, []

    def intercept_service(self, continuation, details):
        """Hands the call on unless it is unknown."""
        name = details.method.rsplit("/", 1)[1]
        self.calls.append(name)
        return None if name == self.unknown else continuation(details)


class Guard(grpc.ServerInterceptor):
    """Ends every call with a code, or those without the right token."""

    def __init__(self, code, words, token):
        self.code, self.words, self.token = code, words, token

    def intercept_service(self, continuation, details):
        """Hands the call on if it may pass."""
        metadata = dict(details.invocation_metadata)
        if self.token and metadata.get("authorization") == self.token:
            return continuation(details)

        def end(_, context):
            context.abort(self.code, self.words)

        return grpc.unary_unary_rpc_method_handler(end)


def main():
    """Serves until its input ends."""
    options = json.loads(sys.argv[1])
    counter = Counter(options.get("unknown"))
    interceptors = [counter]
    if "code" in options:
        code = getattr(grpc.StatusCode, options["code"])
        guard = Guard(code, options.get("words", ""), options.get("token"))
        interceptors.append(guard)
    age = options.get("max_age_ms")
    settings = [("grpc.max_connection_age_ms", age)] if age else []
    if "grace_ms" in options:
        settings.append(("grpc.max_connection_age_grace_ms", options["grace_ms"]))
    pool = futures.ThreadPoolExecutor(max_workers=8)
    server = grpc.server(pool, interceptors=interceptors, options=settings)
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    if options.get("health", True):
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    address = options.get("address", "127.0.0.1:0")
    if "key" in options:
        with open(options["key"], "rb") as key, open(options["certificate"], "rb") as chain:
            pair = (key.read(), chain.read())
        port = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port(address)
    server.start()
    print(port, flush=True)
    for line in sys.stdin:
        command, name, *rest = line.rstrip("\n").split(" ")
        if command == "calls":
            print(counter.calls.count(name), flush=True)
            continue
        servicer.set(name, health_pb2.HealthCheckResponse.ServingStatus.Value(rest[0]))
        print("done", flush=True)
    server.stop(None)


if __name__ == "__main__":
    main()
