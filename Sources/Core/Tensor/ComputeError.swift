/// The error that a calculation is not possible: an environment variable or a precision asks for something that this machine does
/// not support, or a regression has no solution on the given numbers.
public struct ComputeError: Error, CustomStringConvertible, Sendable {
  public let description: String
  init(_ description: String) { self.description = description }
}
