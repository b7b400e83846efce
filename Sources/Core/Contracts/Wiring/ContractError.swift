/// Two parts do not keep to a contract between them. The message says which and how to mend it.
public struct ContractError: Error, CustomStringConvertible, Sendable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
