"""A mail server for the tests of scripts: aiosmtpd with STARTTLS and one account.

Called with the files of its certificate and key; prints its port when it listens.
"""

import asyncio
import ssl
import sys

from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, AuthResult


def authenticate(server, session, envelope, mechanism, data):
    """Knows one user."""
    known = (data.login, data.password) == (b"probe", b"hunter2")
    return AuthResult(success=known, handled=False)


async def main(certificate, key):
    """Listens until the process is killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def session():
        return SMTP(
            Sink(),
            hostname="mx.example",
            tls_context=context,
            require_starttls=True,
            authenticator=authenticate,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
