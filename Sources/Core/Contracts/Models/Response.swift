/// The activations that an encoder returns for a batch.
public struct Response {
  public private(set) var activations: [Activation: Tensor]

  public init(_ activations: [Activation: Tensor] = [:]) { self.activations = activations }

  /// Returns one activation.
  ///
  /// - Throws: ``ContractError`` if the response does not contain it. In a loss term this means that the term reads an
  ///   activation that ``LossTerm/reads(_:at:)`` did not declare.
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

  /// Adds an activation, or replaces it.
  public mutating func set(_ activation: Activation, _ tensor: Tensor) { activations[activation] = tensor }

  /// Returns a response with those of the `wanted` activations that this one contains.
  package func only(_ wanted: Set<Activation>) -> Response {
    Response(activations.filter { wanted.contains($0.key) })
  }

  /// The same numbers as constants, through which no gradient flows back.
  package var detached: Response { Response(activations.mapValues(\.detached)) }

  /// Joins the responses to consecutive pieces of a batch into the response to the whole batch. Every activation is stacked
  /// along its first axis.
  package static func concatenated(_ parts: [Response]) -> Response {
    guard let first = parts.first, parts.count > 1 else { return parts.first ?? Response() }
    return Response(
      Dictionary(
        uniqueKeysWithValues: first.activations.keys.map { key in
          (key, concatenatedRows(parts.compactMap { $0.activations[key] }))
        }))
  }
}
