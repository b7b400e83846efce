import DistillCore

/// A loss term and its weight in the sum.
public struct WeightedTerm {
  public let term: any LossTerm
  public let weight: Float
  /// The name of the term in reports and metrics. Default: the name of the plugin.
  public let name: String

  public init(_ term: any LossTerm, weight: Float, name: String? = nil) {
    (self.term, self.weight) = (term, weight)
    self.name = name ?? type(of: term).name
  }
}
