import Foundation

/// An open file or folder, which is closed when the value is destroyed. Errors name its path and the system's reason.
package struct OpenFile: ~Copyable, Sendable {
  let url: URL
  let descriptor: Int32

  /// - Parameter target: The path that errors name instead of `url`, for a temporary file that will replace it.
  init(_ url: URL, _ flags: Int32, for target: URL? = nil) throws {
    self.url = target ?? url
    descriptor = open(url.path, flags | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw FormatError(file: self.url, tried: "open it") }
  }

  deinit {
    // A process that is being started at this moment has a copy of the descriptor until its program is loaded, and would keep a lock so long.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Appends `bytes`, or overwrites the bytes at `offset`.
  ///
  /// Nothing is buffered, so callers should write large pieces: `try file.write(array.span.bytes)`.
  package func write(_ bytes: RawSpan, at offset: Int? = nil) throws {
    let code = writeAll(bytes, to: descriptor, at: offset)
    if code != 0 { throw FormatError(file: url, tried: "write to it", code: code) }
  }

  /// Appends the contents of another file.
  func append(contentsOf url: URL) throws {
    let source = try OpenFile(url, O_RDONLY | O_NONBLOCK)
    let size = try source.size()
    for offset in stride(from: 0, to: size, by: 1 << 20) {
      let piece = try source.bytes(at: offset, count: min(1 << 20, size - offset))
      try write(piece.span.bytes)
    }
  }

  /// Fills `bytes` with the bytes from `offset` on.
  ///
  /// Throws ``FormatError`` if the file ends too early, for example because another process has shortened it since its size was
  /// checked.
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

  /// Returns the size of a regular file in bytes. Throws for anything else, because the size of a folder or a pipe means nothing.
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

  /// Sets the permissions. A failure is ignored, because some file systems have none and only the owner may change them.
  func allow(_ permissions: mode_t) { _ = fchmod(descriptor, permissions) }

  /// Flushes the contents to the disk. `EINVAL` is ignored, because some file systems and devices cannot be flushed.
  func synchronize() throws {
    while fsync(descriptor) != 0 {
      if errno == EINVAL { return }
      if errno != EINTR { throw FormatError(file: url, tried: "flush it to the disk") }
    }
  }

  /// Takes an exclusive lock on this file. The system releases it when the file is closed or the process ends.
  ///
  /// - Returns: `false` if the lock was not taken. `errno` is `EWOULDBLOCK` if another process holds it.
  func lock(waiting: Bool) -> Bool {
    while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
      if errno != EINTR { return false }
    }
    return true
  }
}
