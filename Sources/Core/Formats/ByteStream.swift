import Foundation

/// The bytes of a file, of a pipe or of standard input, piece by piece. A file that gzip has compressed is decompressed.
///
/// The program `gzip` decompresses, which runs beside this process.
package struct ByteStream: ~Copyable {
  private let file: OpenFile?
  private let name: URL
  private let descriptor: Int32
  private let decompression: Decompression?
  private var piece = [UInt8](repeating: 0, count: 1 << 18)
  private var isFirst = true

  /// - Throws: ``FormatError`` if the file cannot be opened.
  package init(_ url: URL) throws {
    let file = try OpenFile(url, O_RDONLY)
    let isCompressed =
      if let size = try? file.size(), size > 2 { try file.bytes(at: 0, count: 2) == Self.gzipMark } else { false }
    decompression = isCompressed ? try Decompression(of: file) : nil
    (name, descriptor) = (url, decompression?.output ?? file.descriptor)
    self.file = consume file
  }

  private init() {
    file = nil
    (decompression, name, descriptor) = (nil, URL(filePath: "/dev/stdin"), StandardStream.input.rawValue)
  }

  package static func standardInput() -> ByteStream { ByteStream() }

  private static let gzipMark: [UInt8] = [0x1F, 0x8B]

  /// Returns the next bytes, as many as there are without waiting but at least one, or `nil` at the end.
  ///
  /// - Throws: ``FormatError`` if they cannot be read.
  package mutating func next() throws -> ArraySlice<UInt8>? {
    let count = readPiece(from: descriptor, into: &piece)
    if count < 0 { throw FormatError(file: name, tried: "read it") }
    if isFirst, decompression == nil, count > 1, piece.starts(with: Self.gzipMark) {
      throw FormatError(
        file: name, "is compressed by gzip, which only files are decompressed from; send it through `gzip -dc`")
    }
    isFirst = false
    if count > 0 { return piece[..<count] }
    if let decompression, decompression.finish() != 0 {
      throw FormatError(file: name, "is compressed by gzip and damaged or cut off; `gzip -t` says more")
    }
    return nil
  }
}

/// A running `gzip -dc`, which is waited for when the value is destroyed.
private final class Decompression {
  /// The descriptor that the decompressed bytes are read from.
  let output: Int32
  private var process: pid_t?

  init(of file: borrowing OpenFile) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw FormatError(file: file.url, tried: "decompress it") }
    output = ends[0]
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, file.descriptor, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var arguments: [UnsafeMutablePointer<CChar>?] =
      ["gzip", "-dc"].map { (argument: String) in strdup(argument) } + [nil]
    var started = pid_t()
    let code = posix_spawnp(&started, "gzip", &actions, nil, &arguments, environ)
    for argument in arguments { free(argument) }
    posix_spawn_file_actions_destroy(&actions)
    close(ends[1])
    if code != 0 {
      close(output)
      throw FormatError(file: file.url, tried: "decompress it, for which the program gzip is needed", code: code)
    }
    process = started
  }

  /// Waits for the end, and returns the exit status.
  func finish() -> Int32 {
    guard let process else { return 0 }
    self.process = nil
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  deinit {
    close(output)  // gzip ends if nobody reads what it writes
    _ = finish()
  }
}
