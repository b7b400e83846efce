/// The error that an environment variable or a precision asks for something that this machine does not support.
public struct ComputeError: Error, CustomStringConvertible, Sendable {
  public let description: String
  init(_ description: String) { self.description = description }
}
