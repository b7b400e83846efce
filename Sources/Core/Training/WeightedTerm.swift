import DistillCore

/// A loss term and how much it counts.
public struct WeightedTerm {
  public let term: any LossTerm
  public let weight: Float
  /// Its name in figures.
  public let name: String

  public init(_ term: any LossTerm, weight: Float, name: String? = nil) {
    (self.term, self.weight) = (term, weight)
    self.name = name ?? type(of: term).name
  }
}
