/// The activations that an encoder answered with.
public struct Response {
  public private(set) var activations: [Activation: Tensor]

  public init(_ activations: [Activation: Tensor] = [:]) { self.activations = activations }

  /// One activation.
  /// - Throws: ``ContractError`` if it was not asked for: a term that reads more than it declared.
  public subscript(activation: Activation) -> Tensor {
    get throws {
      guard let tensor = activations[activation] else {
        throw ContractError(
          "\(activation) was read but not declared; declared are "
            + (activations.isEmpty ? "none" : activations.keys.map(\.description).sorted().joined(separator: ", ")))
      }
      return tensor
    }
  }

  public mutating func set(_ activation: Activation, _ tensor: Tensor) { activations[activation] = tensor }

  /// Those of the activations that are wanted, as far as they are here.
  package func only(_ wanted: Set<Activation>) -> Response {
    Response(activations.filter { wanted.contains($0.key) })
  }

  /// The same numbers without a way back.
  package var detached: Response { Response(activations.mapValues(\.detached)) }

  /// Responses to consecutive pieces of a batch as the response to the whole. Every activation is stacked along its first axis.
  package static func concatenated(_ parts: [Response]) -> Response {
    guard let first = parts.first, parts.count > 1 else { return parts.first ?? Response() }
    return Response(
      Dictionary(
        uniqueKeysWithValues: first.activations.keys.map { key in
          (key, concatenatedRows(parts.compactMap { $0.activations[key] }))
        }))
  }
}
