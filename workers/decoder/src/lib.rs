//! Turns untrusted files into bounded grey pages, in a sandboxed child process.
