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

  /// The same, where Foundation made the call.
  init(file: URL, tried action: String, _ error: any Error) {
    if let cause = (error as? CocoaError)?.underlying as? POSIXError {
      self.init(file: file, tried: action, code: cause.code.rawValue)
    } else {
      self.init(file: file, "cannot \(action): \(error.localizedDescription)")
    }
  }

  /// What an error of Foundation says of a file; `nil` for any other.
  package init?(_ error: any Error) {
    guard let error = error as? CocoaError, let path = error.filePath ?? error.url?.path else { return nil }
    self.init(file: URL(filePath: path), tried: "use it", error)
  }
}

extension FormatError: CustomStringConvertible, LocalizedError {
  public var description: String { "\(file): \(message)" }
  public var errorDescription: String? { description }
}
