"""Simulated ad clicks, with the true probability of each click kept apart.

The log of the demo (200,000 rows, 8 days, seed 1) has these figures; the AUC is
that of day 8 after training on days 1 to 7, and the lift is AUC - 0.5, as a share
of the best possible one.

    users, ads seen                                      5,455, 894
    click rate                                           18.1%
    day 8: rows with a user or an ad not in days 1 to 7  10.4%
                                                         AUC     share of the lift
    true probability: the best possible                  .837    100%
    logistic regression on all columns                   .776     82%
    the same with the three crosses                      .791     86%
    embedding + MLP                                      .821     95%
    Wide & Deep without crosses                          .821     95%
    Wide & Deep with the three crosses                   .826     97%

The crosses are gender x category, device x six-hour part of the day, and city x
advertiser. A click rate of 18% is high for ads; with a lower one, 175,000 training
rows hold too few clicks to learn the interactions. Seeds 1 to 5 give a best possible
AUC of .836 to .852 and a logistic regression at 78% to 85% of the lift.

All but the last three lines are measured, and asserted, by

    pytest tests/ctr/simulate/test_calibration.py

The last three come from plain Keras models, one run each: embeddings of 16, a ReLU
MLP of 128-64 with dropout 0.2, batches of 512, ids seen fewer than 50 times sharing
one embedding; 7 epochs of Adam 0.001 for the MLP, 14 epochs of AdaGrad 0.1 with
FTRL 0.2 on the wide part for Wide & Deep. Change no
constant of `calibration` without measuring all of this again.
"""

from ctr.simulate.simulator import Summary, simulate

__all__ = ["Summary", "simulate"]
