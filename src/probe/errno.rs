//! What an error number means for the target: an answer that says no, silence, or our own fault.
//!
//! An error that came back from the target proves that our network works and is evidence. What
//! this machine or process lacks (descriptors, ports, memory, a route, permission) says nothing
//! about the target and is LOCAL. A number that is not in a table counts as an answer while
//! connecting, sending or receiving, and as ours where no packet was involved.

use crate::model::{Outcome, Reason};
use crate::sys::resolve::{Failure, Kind};
use crate::sys::socket::Errno;

/// An outcome and its reason.
pub type Class = (Outcome, Reason);

/// Faults of this machine or process, whatever the call was.
fn ours(errno: Errno) -> Option<Class> {
    let reason = match errno {
        Errno::MFILE | Errno::NFILE => Reason::LOCAL_NO_DESCRIPTORS,
        Errno::NOBUFS | Errno::NOMEM | Errno::NOSR | Errno::NOSPC => Reason::LOCAL_NO_MEMORY,
        Errno::ADDRNOTAVAIL | Errno::ADDRINUSE => Reason::LOCAL_NO_PORTS,
        Errno::NETDOWN | Errno::NETUNREACH | Errno::NONET => Reason::LOCAL_NO_ROUTE,
        Errno::PERM | Errno::ACCESS => Reason::LOCAL_NOT_PERMITTED,
        Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT => Reason::LOCAL_UNSUPPORTED,
        // INVAL is what a blackhole in our own routing table answers.
        Errno::INVAL | Errno::BADF | Errno::FAULT | Errno::NOSYS => Reason::LOCAL_FAILED,
        _ => return None,
    };
    Some((Outcome::Local, reason))
}

/// The class of an error of a call that sends no packet: socket, epoll, eventfd, threads.
pub fn of_setup(errno: Errno) -> Class {
    ours(errno).unwrap_or((Outcome::Local, Reason::LOCAL_FAILED))
}

/// The class of an error of a connection to an address, immediate or pending.
pub fn of_connect(errno: Errno) -> Class {
    match errno {
        Errno::CONNREFUSED => (Outcome::Fail, Reason::CONNECT_REFUSED),
        Errno::CONNRESET | Errno::PIPE => (Outcome::Fail, Reason::CONNECT_RESET),
        Errno::HOSTUNREACH | Errno::HOSTDOWN => (Outcome::Fail, Reason::CONNECT_UNREACHABLE),
        Errno::TIMEDOUT => (Outcome::Timeout, Reason::CONNECT_TIMEOUT),
        // For an address this is a want of routing entries or ports, not a full queue.
        Errno::AGAIN => (Outcome::Local, Reason::LOCAL_NO_MEMORY),
        other => ours(other).unwrap_or((Outcome::Fail, Reason::CONNECT_FAILED)),
    }
}

/// The class of an error of a connection to a unix socket.
pub fn of_connect_unix(errno: Errno) -> Class {
    match errno {
        Errno::NOENT | Errno::NOTDIR => (Outcome::Fail, Reason::CONNECT_NO_SOCKET),
        // The queue of the listener is full: it is there and does not accept.
        Errno::AGAIN => (Outcome::Fail, Reason::CONNECT_REFUSED),
        other => of_connect(other),
    }
}

/// The class of an error of sending.
pub fn of_send(errno: Errno) -> Class {
    match errno {
        // What came back to an earlier datagram: nobody takes any there.
        Errno::CONNREFUSED => (Outcome::Fail, Reason::CONNECT_REFUSED),
        Errno::CONNRESET | Errno::PIPE => (Outcome::Fail, Reason::RECEIVE_RESET),
        Errno::TIMEDOUT => (Outcome::Timeout, Reason::SEND_TIMEOUT),
        other => ours(other).unwrap_or((Outcome::Fail, Reason::SEND_FAILED)),
    }
}

/// The class of an error of receiving.
pub fn of_receive(errno: Errno) -> Class {
    match errno {
        // What came back to a datagram: nobody takes any there.
        Errno::CONNREFUSED => (Outcome::Fail, Reason::CONNECT_REFUSED),
        Errno::CONNRESET | Errno::PIPE => (Outcome::Fail, Reason::RECEIVE_RESET),
        Errno::TIMEDOUT => (Outcome::Timeout, Reason::RECEIVE_TIMEOUT),
        other => ours(other).unwrap_or((Outcome::Fail, Reason::RECEIVE_FAILED)),
    }
}

/// The class of a failure of the resolver.
pub fn of_resolve(failure: Failure) -> Class {
    match failure.kind {
        Kind::NotFound => (Outcome::Fail, Reason::RESOLVE_NOT_FOUND),
        Kind::Other => (Outcome::Fail, Reason::RESOLVE_FAILED),
        Kind::Memory => (Outcome::Local, Reason::LOCAL_NO_MEMORY),
        // Whatever stood between us and the name server, the target had no part in it.
        Kind::Again => (Outcome::Local, Reason::LOCAL_RESOLVER),
        Kind::System => numbered(failure.number)
            .and_then(ours)
            .unwrap_or((Outcome::Local, Reason::LOCAL_RESOLVER)),
    }
}

/// A number that is in the range of errno; a resolver may leave 0 behind.
fn numbered(number: i32) -> Option<Errno> {
    (1..4096).contains(&number).then(|| Errno::from_raw_os_error(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Fail, Local, Timeout};

    #[test]
    fn an_answer_convicts_and_our_own_want_never_does() {
        for (errno, expected) in [
            (Errno::CONNREFUSED, (Fail, Reason::CONNECT_REFUSED)),
            (Errno::CONNRESET, (Fail, Reason::CONNECT_RESET)),
            (Errno::HOSTUNREACH, (Fail, Reason::CONNECT_UNREACHABLE)),
            (Errno::TIMEDOUT, (Timeout, Reason::CONNECT_TIMEOUT)),
            (Errno::PROTO, (Fail, Reason::CONNECT_FAILED)),
            (Errno::MFILE, (Local, Reason::LOCAL_NO_DESCRIPTORS)),
            (Errno::NFILE, (Local, Reason::LOCAL_NO_DESCRIPTORS)),
            (Errno::NOBUFS, (Local, Reason::LOCAL_NO_MEMORY)),
            (Errno::NOMEM, (Local, Reason::LOCAL_NO_MEMORY)),
            (Errno::AGAIN, (Local, Reason::LOCAL_NO_MEMORY)),
            (Errno::ADDRNOTAVAIL, (Local, Reason::LOCAL_NO_PORTS)),
            (Errno::NETDOWN, (Local, Reason::LOCAL_NO_ROUTE)),
            (Errno::NETUNREACH, (Local, Reason::LOCAL_NO_ROUTE)),
            (Errno::PERM, (Local, Reason::LOCAL_NOT_PERMITTED)),
            (Errno::ACCESS, (Local, Reason::LOCAL_NOT_PERMITTED)),
            (Errno::INVAL, (Local, Reason::LOCAL_FAILED)),
            (Errno::AFNOSUPPORT, (Local, Reason::LOCAL_UNSUPPORTED)),
        ] {
            assert_eq!(of_connect(errno), expected, "{errno:?}");
        }
    }

    #[test]
    fn a_unix_socket_has_meanings_of_its_own() {
        assert_eq!(of_connect_unix(Errno::NOENT), (Fail, Reason::CONNECT_NO_SOCKET));
        assert_eq!(of_connect_unix(Errno::AGAIN), (Fail, Reason::CONNECT_REFUSED));
        assert_eq!(of_connect_unix(Errno::CONNREFUSED), (Fail, Reason::CONNECT_REFUSED));
        assert_eq!(of_connect_unix(Errno::ACCESS), (Local, Reason::LOCAL_NOT_PERMITTED));
        assert_eq!(of_connect_unix(Errno::MFILE), (Local, Reason::LOCAL_NO_DESCRIPTORS));
    }

    #[test]
    fn the_step_that_failed_names_the_reason() {
        assert_eq!(of_send(Errno::PIPE), (Fail, Reason::RECEIVE_RESET));
        assert_eq!(of_send(Errno::IO), (Fail, Reason::SEND_FAILED));
        assert_eq!(of_receive(Errno::CONNRESET), (Fail, Reason::RECEIVE_RESET));
        assert_eq!(of_receive(Errno::IO), (Fail, Reason::RECEIVE_FAILED));
        assert_eq!(of_receive(Errno::NOMEM), (Local, Reason::LOCAL_NO_MEMORY));
        assert_eq!(of_setup(Errno::MFILE), (Local, Reason::LOCAL_NO_DESCRIPTORS));
        assert_eq!(of_setup(Errno::INVAL), (Local, Reason::LOCAL_FAILED));
    }

    #[test]
    fn only_an_authoritative_no_is_held_against_a_name() {
        let answer = |kind, number| of_resolve(Failure { kind, number });
        assert_eq!(answer(Kind::NotFound, 0), (Fail, Reason::RESOLVE_NOT_FOUND));
        assert_eq!(answer(Kind::Other, 0), (Fail, Reason::RESOLVE_FAILED));
        assert_eq!(answer(Kind::Again, 0), (Local, Reason::LOCAL_RESOLVER));
        assert_eq!(answer(Kind::Memory, 0), (Local, Reason::LOCAL_NO_MEMORY));
        let number = Errno::MFILE.raw_os_error();
        assert_eq!(answer(Kind::System, number), (Local, Reason::LOCAL_NO_DESCRIPTORS));
        assert_eq!(answer(Kind::System, 0), (Local, Reason::LOCAL_RESOLVER));
        let number = Errno::CONNREFUSED.raw_os_error();
        assert_eq!(answer(Kind::System, number), (Local, Reason::LOCAL_RESOLVER));
    }
}
