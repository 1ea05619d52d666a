//! The limits on system calls, by seccomp.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use crate::error::{Error, Result};
use crate::worker_process::sandbox::closing::VARIABLE;

/// What no worker needs at any time: sockets, other processes' memory, mounts, namespaces, the kernel's own machinery, the
/// clock, and ways around this filter.
const NEVER: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_io_uring_setup,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_syslog,
    libc::SYS_setpgid,
    libc::SYS_setsid,
];

/// What a worker needs no more once a submission is read: other programs and other processes. Threads remain.
#[cfg(target_arch = "x86_64")]
const NEVER_AGAIN: &[i64] = &[libc::SYS_execve, libc::SYS_execveat, libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_AGAIN: &[i64] = &[libc::SYS_execve, libc::SYS_execveat];

const CLONE_THREAD: u64 = 0x0001_0000;

/// New namespaces: of mounts, control groups, host names, messages, users, processes, the network, and time.
const NAMESPACES: [u64; 8] =
    [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000, 0x0000_0080];

/// Whether system calls can be filtered here.
pub(super) fn supported() -> bool {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    architecture().is_some() && kernel.split_whitespace().any(|action| action == "errno")
}

fn architecture() -> Option<TargetArch> {
    TargetArch::try_from(std::env::consts::ARCH).ok()
}

/// Has the process of `command` take on the first filter, and hands it the second one in a variable.
pub(super) fn limit(command: &mut Command) -> Result<()> {
    let (no_clone3, first) = (no_clone3()?, first()?);
    command.env(VARIABLE, hexadecimal(&second()?));
    // SAFETY: between fork and exec the closure makes system calls alone.
    unsafe {
        command.pre_exec(move || {
            apply_filter(&no_clone3).map_err(io::Error::other)?;
            apply_filter(&first).map_err(io::Error::other)
        });
    }
    Ok(())
}

/// `clone3` has its flags in memory, where a filter cannot look. Programs that find it missing use `clone`.
fn no_clone3() -> Result<BpfProgram> {
    compile(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)
}

fn first() -> Result<BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = NEVER.iter().map(|&call| (call, Vec::new())).collect();
    let namespaces = NAMESPACES.iter().map(|&flag| when_flag(flag, flag)).collect::<Result<_>>()?;
    rules.insert(libc::SYS_clone, namespaces);
    // The limits of another process, such as the harness: 0 is the process itself.
    rules.insert(libc::SYS_prlimit64, vec![when(0, SeccompCmpOp::Ne, 0)?]);
    compile(rules, libc::EPERM)
}

fn second() -> Result<BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = NEVER_AGAIN.iter().map(|&call| (call, Vec::new())).collect();
    rules.insert(libc::SYS_clone, vec![when_flag(CLONE_THREAD, 0)?]);
    compile(rules, libc::EPERM)
}

/// Where the first argument's bits of `mask` are those of `value`.
fn when_flag(mask: u64, value: u64) -> Result<SeccompRule> {
    when(0, SeccompCmpOp::MaskedEq(mask), value)
}

/// Where an argument compares so with `value`.
fn when(argument: u8, comparison: SeccompCmpOp, value: u64) -> Result<SeccompRule> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, comparison, value)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(|error| failed(&error))
}

fn compile(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<BpfProgram> {
    let architecture = architecture().ok_or_else(|| failed(&"seccomp does not know this processor"))?;
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno.unsigned_abs()), architecture);
    filter.and_then(BpfProgram::try_from).map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Worker(format!("the sandbox's filter cannot be made: {error}"))
}

/// Instructions as the kernel has them in memory, eight bytes each, in hexadecimal.
fn hexadecimal(program: &BpfProgram) -> String {
    program.iter().fold(String::new(), |mut text, step| {
        let [c0, c1] = step.code.to_ne_bytes();
        let [k0, k1, k2, k3] = step.k.to_ne_bytes();
        for byte in [c0, c1, step.jt, step.jf, k0, k1, k2, k3] {
            let _ = write!(text, "{byte:02x}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker_process::sandbox::closing;

    #[test]
    fn a_filter_survives_the_way_through_a_variable() {
        let program = second().unwrap();
        assert_eq!(closing::parse(&hexadecimal(&program)), Some(program));
        assert_eq!(closing::parse("00"), None);
        assert_eq!(closing::parse("zz00000000000000"), None);
    }
}
