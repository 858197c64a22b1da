//! What the kernel says of processes and sockets.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

/// Processes that name `folder` in their environment or work below it, this one excepted.
pub fn of_folder(folder: &Path) -> Vec<u32> {
    let wanted = folder.as_os_str().as_encoded_bytes();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|process| *process != std::process::id())
        .filter(|process: &u32| {
            let named = fs::read(format!("/proc/{process}/environ"))
                .is_ok_and(|text| text.windows(wanted.len()).any(|part| part == wanted));
            let inside = fs::read_link(format!("/proc/{process}/cwd"))
                .is_ok_and(|place| place.starts_with(folder));
            named || inside
        })
        .collect()
}

/// TCP addresses on which one of `processes` listens.
pub fn listening(processes: &[u32]) -> Vec<SocketAddr> {
    let sockets: BTreeSet<String> = processes
        .iter()
        .flat_map(|process| {
            fs::read_dir(format!("/proc/{process}/fd"))
                .into_iter()
                .flatten()
        })
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|target| {
            let target = target.to_str()?.strip_prefix("socket:[")?;
            Some(target.strip_suffix(']')?.to_owned())
        })
        .collect();
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .flat_map(|table| {
            let text = fs::read_to_string(table).unwrap_or_default();
            let lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
            lines
        })
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            // 0A is LISTEN.
            (columns[3] == "0A" && sockets.contains(columns[9])).then(|| address(columns[1]))
        })
        .collect()
}

/// Addresses stand there as 32-bit words in the machine's byte order, in hexadecimal.
fn address(text: &str) -> SocketAddr {
    let (ip, port) = text.split_once(':').unwrap();
    let bytes: Vec<u8> = (0..ip.len())
        .step_by(8)
        .flat_map(|start| {
            u32::from_str_radix(&ip[start..start + 8], 16)
                .unwrap()
                .to_ne_bytes()
        })
        .collect();
    let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => IpAddr::from(Ipv4Addr::from(four)),
        Err(_) => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).unwrap())),
    };
    SocketAddr::new(ip, u16::from_str_radix(port, 16).unwrap())
}
