/// The reason why a task cannot be defined as requested.
public struct TaskDefinitionError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
