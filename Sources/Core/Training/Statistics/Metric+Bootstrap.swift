import DistillCore

extension Metric {
  /// Returns the 95 % interval of the metric by the percentile bootstrap over examples (Efron 1979).
  ///
  /// - Parameters:
  ///   - predictions: The predictions.
  ///   - targets: As many targets, at least one.
  ///   - key: The key of the random numbers. Equal keys draw the same examples.
  ///   - resamples: The number of resamples.
  package func interval(
    of predictions: [Target], targets: [Target], key: RandomKey, resamples: Int = 2000
  ) -> ConfidenceInterval {
    Self.interval(targets.count, key, resamples, statistic(predictions, targets))
  }

  /// Returns the 95 % interval of metric(`predictions`) − metric(`others`), where each resample contains the same examples for
  /// both.
  ///
  /// The parameters are those of ``interval(of:targets:key:resamples:)``.
  package func differenceInterval(
    of predictions: [Target], against others: [Target], targets: [Target], key: RandomKey, resamples: Int = 2000
  ) -> ConfidenceInterval {
    let (one, other) = (statistic(predictions, targets), statistic(others, targets))
    return Self.interval(targets.count, key, resamples) { one($0) - other($0) }
  }

  /// Returns the metric as a function of the examples that it is computed on.
  package func statistic(_ predictions: [Target], _ targets: [Target]) -> ([Int]) -> Double {
    if self == .accuracy {  // the same value as below, without counting labels
      let isRight = zip(predictions, targets).map { $0 == $1 }
      return { rows in Double(rows.count { isRight[$0] }) / Double(rows.count) }
    }
    return { rows in value(predictions: rows.map { predictions[$0] }, targets: rows.map { targets[$0] }) }
  }

  private static func interval(
    _ count: Int, _ key: RandomKey, _ resamples: Int, _ statistic: ([Int]) -> Double
  ) -> ConfidenceInterval {
    precondition(count > 0 && resamples > 0, "\(resamples) resamples of \(count) examples")
    return ConfidenceInterval(
      ofResamples: (0..<resamples).map { resample in
        let key = key.child(resample)
        return statistic((0..<count).map { key.integer(below: count, UInt64($0)) })
      })
  }
}

extension ConfidenceInterval {
  /// The range from the 2.5 % to the 97.5 % quantile of a statistic of resamples.
  package init(ofResamples values: [Double]) {
    let values = values.sorted()
    /// The quantile with linear interpolation between order statistics, as in NumPy.
    func quantile(_ share: Double) -> Double {
      let place = share * Double(values.count - 1)
      let below = Int(place)
      let above = min(below + 1, values.count - 1)
      return values[below] + (place - Double(below)) * (values[above] - values[below])
    }
    self.init(low: quantile(0.025), high: quantile(0.975))
  }
}
