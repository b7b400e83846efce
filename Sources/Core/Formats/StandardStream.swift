import Foundation

/// The process's three streams, without a buffer. What cannot be read or written is an error, and never a signal.
public enum StandardStream: Int32, CaseIterable, Sendable {
  case input, output, error

  /// Makes errors of what would be signals, and takes up the numbers of streams that the process was started without.
  /// To be called before anything is opened: the first file would get such a number, and then what is meant for the stream.
  public static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    for stream in allCases where fcntl(stream.rawValue, F_GETFD) < 0 {
      // The wrong way round, so that using it remains the error that it is.
      _ = open("/dev/null", stream == .input ? O_WRONLY : O_RDONLY)
    }
  }

  /// Why a stream could not be used, in the system's words.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    public let stream: StandardStream
    let code: Int32

    /// Nobody reads it any more.
    public var isClosedPipe: Bool { code == EPIPE }
    public var description: String {
      "standard \(stream) cannot be \(stream == .input ? "read" : "written"): \(String(cString: strerror(code)))"
    }
  }

  public func write(_ text: String) throws(Failure) {
    let code = writeAll(Array(text.utf8).span.bytes, to: rawValue)
    if code != 0 { throw Failure(stream: self, code: code) }
  }

  /// All that is still to be read.
  public func read() throws(Failure) -> [UInt8] {
    let (bytes, code) = readAll(from: rawValue)
    if code != 0 { throw Failure(stream: self, code: code) }
    return bytes
  }

  /// The width of the terminal that it is, now; `nil` where it is none, or one that does not tell.
  public var columns: Int? {
    var size = winsize()
    return ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
  }
}

/// Reads to the end. The code is 0, or the system's of what went wrong.
func readAll(from descriptor: Int32) -> (bytes: [UInt8], code: Int32) {
  var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
  while true {
    let count = read(descriptor, &piece, piece.count)
    if count == 0 { return (bytes, 0) }
    if count < 0, !canGoOn(descriptor, POLLIN) { return ([], errno) }
    bytes += piece.prefix(max(count, 0))
  }
}

/// Writes all of `bytes`. Returns 0, or the system's code of what went wrong.
func writeAll(_ bytes: RawSpan, to descriptor: Int32, at offset: Int? = nil) -> Int32 {
  bytes.withUnsafeBytes { bytes in
    var done = 0
    while done < bytes.count {
      let (rest, size) = (bytes.baseAddress.map { $0 + done }, min(bytes.count - done, 1 << 30))
      let count =
        offset.map { pwrite(descriptor, rest, size, off_t($0 + done)) } ?? write(descriptor, rest, size)
      if count < 0, !canGoOn(descriptor, POLLOUT) { return errno }
      done += max(count, 0)
    }
    return 0
  }
}

/// Whether a call that failed may be made again; waits where the other end of a stream was made not to.
private func canGoOn(_ descriptor: Int32, _ event: Int32) -> Bool {
  guard errno == EAGAIN else { return errno == EINTR }
  var waiting = pollfd(fd: descriptor, events: Int16(event), revents: 0)
  return poll(&waiting, 1, -1) >= 0 || errno == EINTR
}
