import Foundation

/// An open file or folder of the system, closed when the value goes. Failures name its path and the system's reason.
public struct OpenFile: ~Copyable, Sendable {
  let url: URL
  let descriptor: Int32

  /// - Parameter target: What failures name instead of `url`, when that is a temporary stand-in.
  init(_ url: URL, _ flags: Int32, for target: URL? = nil) throws {
    self.url = target ?? url
    descriptor = open(url.path, flags | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw FormatError(file: self.url, tried: "open it") }
  }

  deinit { close(descriptor) }

  /// Appends all of `bytes`, or writes them over what stands at `offset`. Nothing is buffered, so give it large pieces:
  /// `try file.write(array.span.bytes)`.
  public func write(_ bytes: RawSpan, at offset: Int? = nil) throws {
    let code = writeAll(bytes, to: descriptor, at: offset)
    if code != 0 { throw FormatError(file: url, tried: "write to it", code: code) }
  }

  /// Appends all of another file.
  func append(contentsOf url: URL) throws {
    let source = try OpenFile(url, O_RDONLY | O_NONBLOCK)
    let size = try source.size()
    for offset in stride(from: 0, to: size, by: 1 << 20) {
      let piece = try source.bytes(at: offset, count: min(1 << 20, size - offset))
      try write(piece.span.bytes)
    }
  }

  /// Fills `bytes` from `offset` on. A file that ends before that, cut by someone since it was checked, is an error.
  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
      let count = pread(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(offset + done))
      if count < 0 && errno != EINTR { throw FormatError(file: url, tried: "read it") }
      if count == 0 {
        throw FormatError(file: url, "ends at byte \(offset + done), though \(offset + bytes.count) were expected")
      }
      done += max(count, 0)
    }
  }

  func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      initialized = count
    }
  }

  /// The length of a regular file in bytes. Anything else (a folder, a pipe) has no length to believe, and is refused.
  func size() throws -> Int {
    let status = try status()
    guard status.st_mode & S_IFMT == S_IFREG else { throw FormatError(file: url, "is not a regular file") }
    return Int(status.st_size)
  }

  func status() throws -> stat {
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw FormatError(file: url, tried: "inspect it") }
    return status
  }

  func truncate(to size: Int) throws {
    if ftruncate(descriptor, off_t(size)) != 0 { throw FormatError(file: url, tried: "shorten it") }
  }

  /// Sets who may do what with it, where this user and file system can.
  func allow(_ permissions: mode_t) { _ = fchmod(descriptor, permissions) }

  /// Returns once the contents are on the disk, on file systems that can tell.
  func synchronize() throws {
    while fsync(descriptor) != 0 {
      if errno == EINVAL { return }
      if errno != EINTR { throw FormatError(file: url, tried: "flush it to the disk") }
    }
  }

  /// Takes the lock of this file, which the system gives back when the file is closed, even by a kill.
  func lock(waiting: Bool) -> Bool {
    while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
      if errno != EINTR { return false }
    }
    return true
  }
}
