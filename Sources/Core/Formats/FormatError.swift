import Foundation

/// What is wrong with a file, or why it could not be read or written, and how to mend it.
public struct FormatError: Error, Sendable, Hashable {
  /// The path of the file or folder.
  public var file: String
  /// What is wrong with it, without the path.
  public var message: String

  public init(file: URL, _ message: String) {
    self.file = file.path
    self.message = message
  }

  /// A failed system call: what was tried, and the system's own words for `code`.
  init(file: URL, tried action: String, code: Int32 = errno) {
    self.init(file: file, "cannot \(action): \(String(cString: strerror(code))) (errno \(code))")
  }
}

extension FormatError: CustomStringConvertible, LocalizedError {
  public var description: String { "\(file): \(message)" }
  public var errorDescription: String? { description }
}
