//! A port of loopback that is kept for whoever is told of it.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with};

use crate::{StoryError, Told};

/// A port of loopback that nobody else is given while this is held. Nobody listens on it yet: connections are refused until somebody
/// who is told of it does, which may be more than once.
///
/// The socket is bound and never listens. The kernel gives its port to nobody who asks for any port, and lets those have it who ask for
/// this one under `SO_REUSEADDR`, as every server does that is to be started again.
#[derive(Debug)]
pub struct Port {
    _socket: OwnedFd,
    address: SocketAddr,
}

impl Port {
    /// Keeps a free one.
    ///
    /// # Errors
    /// There is none.
    pub fn keep() -> Told<Self> {
        kept().map_err(|error| StoryError::new("a port", error))
    }

    /// Where to listen.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

fn kept() -> Result<Port, Errno> {
    let socket = socket_with(
        AddressFamily::INET,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    let address = SocketAddr::try_from(getsockname(&socket)?)?;
    Ok(Port {
        _socket: socket,
        address,
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::Port;

    #[test]
    fn a_kept_port_refuses_until_somebody_listens_on_it() {
        let port = Port::keep().unwrap();
        assert!(TcpStream::connect(port.address()).is_err());
        for _ in 0..2 {
            let listener = TcpListener::bind(port.address()).unwrap();
            assert!(TcpStream::connect(port.address()).is_ok());
            drop(listener);
        }
        assert!(TcpStream::connect(port.address()).is_err());
    }
}
