"""What stands before the page and every address of the studio.

A request is let through in this order, and refused in words at the first thing that is wrong with it:

    door.Door           an address that the page or a program uses (`openings`), else 404
                        a name of this studio in `Host` (`hosts`), else 421
                        no other site's page behind it (`origins`), else 403
                        a body of the size that its address takes (`bodies`), else 413
    visitors.Visitors   who asks: an anonymous visitor, perhaps the owner
    files.OwnFiles      files only that this very visitor has uploaded (`uploads`), else 403
"""
