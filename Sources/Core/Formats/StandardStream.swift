import Foundation

/// The three standard streams of the process, without buffering.
///
/// After ``prepare()`` a failed read or write is always an error and never a signal that ends the process.
package enum StandardStream: Int32, CaseIterable, Sendable {
  case input, output, error

  /// Ignores the signals of failed writes, and opens `/dev/null` for each standard stream that the process was started without.
  ///
  /// Call this before any file is opened. Otherwise the first file would get the descriptor of a missing stream, and text meant
  /// for that stream would be written to the file.
  package static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    for stream in allCases where fcntl(stream.rawValue, F_GETFD) < 0 {
      // The stream is opened in the wrong direction on purpose, so that using it is still an error.
      _ = open("/dev/null", stream == .input ? O_WRONLY : O_RDONLY)
    }
  }

  /// The error that a stream could not be read or written, with the system's reason.
  package struct Failure: Error, Sendable, CustomStringConvertible {
    package let stream: StandardStream
    let code: Int32

    /// Whether the reason is that the reader of a pipe has closed it.
    package var isClosedPipe: Bool { code == EPIPE }
    package var description: String {
      "standard \(stream) cannot be \(stream == .input ? "read" : "written"): \(String(cString: strerror(code)))"
    }
  }

  /// Writes all of `text`.
  package func write(_ text: String) throws(Failure) {
    let code = writeAll(Array(text.utf8).span.bytes, to: rawValue)
    if code != 0 { throw Failure(stream: self, code: code) }
  }

  /// Reads until the end of the stream.
  package func read() throws(Failure) -> [UInt8] {
    let (bytes, code) = readAll(from: rawValue)
    if code != 0 { throw Failure(stream: self, code: code) }
    return bytes
  }

  /// The current width of the terminal in columns; `nil` if the stream is not a terminal or its width is unknown.
  package var columns: Int? {
    var size = winsize()
    return ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
  }
}

/// Reads until the end of a file or stream. The code is 0, or the system's error code.
func readAll(from descriptor: Int32) -> (bytes: [UInt8], code: Int32) {
  var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
  while true {
    let count = readPiece(from: descriptor, into: &piece)
    if count < 0 { return ([], errno) }
    if count == 0 { return (bytes, 0) }
    bytes += piece.prefix(count)
  }
}

/// Reads as many bytes as there are, at most as many as `piece` has. Returns their number, which is 0 at the end, or -1 with `errno`.
func readPiece(from descriptor: Int32, into piece: inout [UInt8]) -> Int {
  while true {
    let count = read(descriptor, &piece, piece.count)
    if count >= 0 || !shouldRetry(descriptor, POLLIN) { return count }
  }
}

/// Writes all of `bytes`. Returns 0, or the system's error code.
func writeAll(_ bytes: RawSpan, to descriptor: Int32, at offset: Int? = nil) -> Int32 {
  bytes.withUnsafeBytes { bytes in
    var done = 0
    while done < bytes.count {
      let (rest, size) = (bytes.baseAddress.map { $0 + done }, min(bytes.count - done, 1 << 30))
      let count =
        offset.map { pwrite(descriptor, rest, size, off_t($0 + done)) } ?? write(descriptor, rest, size)
      if count < 0, !shouldRetry(descriptor, POLLOUT) { return errno }
      done += max(count, 0)
    }
    return 0
  }
}

/// Returns whether a failed call should be repeated.
///
/// A stream that another process has made non-blocking reports `EAGAIN`. This function then waits until the stream is ready.
private func shouldRetry(_ descriptor: Int32, _ event: Int32) -> Bool {
  guard errno == EAGAIN else { return errno == EINTR }
  var waiting = pollfd(fd: descriptor, events: Int16(event), revents: 0)
  return poll(&waiting, 1, -1) >= 0 || errno == EINTR
}
