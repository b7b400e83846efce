import Foundation

/// An error about a file: what is wrong with it, or why it could not be read or written, and how to mend it.
public struct FormatError: Error, Sendable, Hashable {
  /// The path of the file or folder.
  public var file: String
  /// What is wrong with it, without the path.
  public var message: String

  public init(file: URL, _ message: String) {
    self.file = file.path
    self.message = message
  }

  /// Creates the error of a failed system call from the attempted action and the system's message for `code`.
  init(file: URL, tried action: String, code: Int32 = errno) {
    self.init(file: file, "cannot \(action): \(String(cString: strerror(code))) (errno \(code))")
  }

  /// Creates the error of a failed call to Foundation. The system's own error is used if Foundation reports it.
  init(file: URL, tried action: String, _ error: any Error) {
    if let cause = (error as? CocoaError)?.underlying as? POSIXError {
      self.init(file: file, tried: action, code: cause.code.rawValue)
    } else {
      self.init(file: file, "cannot \(action): \(error.localizedDescription)")
    }
  }

  /// Converts an error of Foundation that names a file. Returns `nil` for any other error.
  package init?(_ error: any Error) {
    guard let error = error as? CocoaError, let path = error.filePath ?? error.url?.path else { return nil }
    self.init(file: URL(filePath: path), tried: "use it", error)
  }
}

extension FormatError: CustomStringConvertible, LocalizedError {
  public var description: String { "\(file): \(message)" }
  public var errorDescription: String? { description }
}
