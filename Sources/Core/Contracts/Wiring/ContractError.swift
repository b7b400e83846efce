/// The error that a component has broken one of the contracts in this module. The message says which one and how to mend it.
///
/// Throw it for what is found while a pipeline runs. For what can be found before, throw ``WiringError``, which can name the
/// option at fault.
public struct ContractError: Error, CustomStringConvertible, Sendable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
